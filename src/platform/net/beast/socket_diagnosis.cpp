#include "platform/net/beast/socket_diagnosis.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"

namespace vedette::platform::net {

namespace {

constexpr std::size_t kMappedPrefix = 12;

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 body;
};
static_assert(sizeof(Question) == NLMSG_LENGTH(sizeof(inet_diag_req_v2)));

bool is_mapped(const TcpEnd& end) {
  constexpr std::array<std::uint8_t, kMappedPrefix> kMapped{0, 0, 0, 0, 0,    0,
                                                            0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), end.address.begin());
}

// A socket of IPv6 that speaks with an IPv4 address is found under its IPv4 addresses too.
Question question_about(const TcpEnd& local, const TcpEnd& remote) {
  const bool v4 = is_mapped(local) && is_mapped(remote);
  const std::size_t skipped = v4 ? kMappedPrefix : 0;
  Question question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.body.sdiag_family = v4 ? AF_INET : AF_INET6;
  question.body.sdiag_protocol = IPPROTO_TCP;
  question.body.idiag_states = ~0U;
  inet_diag_sockid& id = question.body.id;
  id.idiag_sport = htons(local.port);
  id.idiag_dport = htons(remote.port);
  std::memcpy(id.idiag_src, local.address.data() + skipped, local.address.size() - skipped);
  std::memcpy(id.idiag_dst, remote.address.data() + skipped, remote.address.size() - skipped);
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return question;
}

TcpEnd end_of(std::uint8_t family, const __be32 (&address)[4], __be16 port) {
  TcpEnd end;
  end.port = ntohs(port);
  if (family == AF_INET) {
    end.address[10] = end.address[11] = 0xff;
    std::memcpy(end.address.data() + kMappedPrefix, address, sizeof address[0]);
  } else {
    std::memcpy(end.address.data(), address, sizeof address);
  }
  return end;
}

std::unexpected<Error> no_answer(std::string cause) {
  return refuse("NET-DIAGNOSIS", "the kernel does not say who owns a socket", std::move(cause));
}

// The kernel answers before send() returns.
Result<inet_diag_msg> ask(const Question& question) {
  const UniqueFd netlink(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  if (!netlink.valid()) return no_answer(errno_text("socket"));
  if (::send(netlink.get(), &question, sizeof question, 0) < 0)
    return no_answer(errno_text("send"));
  std::array<std::uint8_t, 4096> reply{};
  sockaddr_nl sender{};
  socklen_t size = sizeof sender;
  const auto received = ::recvfrom(netlink.get(), reply.data(), reply.size(), 0,
                                   reinterpret_cast<sockaddr*>(&sender), &size);
  if (received < 0) return no_answer(errno_text("recvfrom"));
  nlmsghdr header{};
  inet_diag_msg message{};
  if (sender.nl_pid != 0 || std::cmp_less(received, NLMSG_LENGTH(sizeof message)))
    return no_answer("an answer that is none");
  std::memcpy(&header, reply.data(), sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return no_answer("an error");
  std::memcpy(&message, reply.data() + NLMSG_HDRLEN, sizeof message);
  return message;
}

}  // namespace

Result<std::optional<SocketOwner>> diagnose_owner(const TcpEnd& local, const TcpEnd& remote) {
  VEDETTE_TRY(const inet_diag_msg message, ask(question_about(local, remote)));
  const inet_diag_sockid& id = message.id;
  // Where there is no such connection, the kernel may answer with a listening socket.
  if (end_of(message.idiag_family, id.idiag_src, id.idiag_sport) != local ||
      end_of(message.idiag_family, id.idiag_dst, id.idiag_dport) != remote)
    return no_answer("another socket");
  if (message.idiag_inode == 0) return std::nullopt;
  return SocketOwner{message.idiag_uid, message.idiag_inode};
}

}  // namespace vedette::platform::net
