#include "inference/line/line.h"

#include <cerrno>
#include <cstring>
#include <span>

#include <sys/socket.h>

namespace vedette::inference {

namespace {

constexpr std::size_t kControlBytes = CMSG_SPACE(kMaxOrderFds * sizeof(int));

// One message with descriptors. No SIGPIPE: an end that is gone is an answer, too.
bool send_packet(int socket, std::span<const char> bytes, std::span<const int> fds) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[kControlBytes] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

void take_descriptors(msghdr& message, std::vector<UniqueFd>& fds) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

// The size that came, 0 or less when nothing did.
ssize_t receive_packet(int socket, std::span<char> bytes, std::vector<UniqueFd>& fds, int flags) {
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) char control[kControlBytes] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
  } while (size < 0 && errno == EINTR);
  if (size >= 0) take_descriptors(message, fds);
  return size;
}

}  // namespace

Result<SocketPair> make_line() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return refuse("SBX-SPAWN", "there is no socket for a worker", errno_text("socketpair"));
  return SocketPair{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

bool send_report(int line, const Report& report, int fd) {
  const std::span bytes(reinterpret_cast<const char*>(&report), sizeof report);
  return send_packet(line, bytes, std::span(&fd, fd >= 0 ? 1 : 0));
}

std::optional<ReceivedReport> receive_report(int line, bool wait) {
  Bytes bytes(sizeof(Report) + 1);  // one more: a longer message must not pass for a report
  std::vector<UniqueFd> fds;
  const std::span buffer(reinterpret_cast<char*>(bytes.data()), bytes.size());
  const ssize_t size = receive_packet(line, buffer, fds, wait ? 0 : MSG_DONTWAIT);
  if (size <= 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size));
  const auto report = parse_report(bytes);
  if (!report) return std::nullopt;
  return ReceivedReport{*report, fds.empty() ? UniqueFd{} : std::move(fds.front())};
}

bool send_order(int control, const SpawnOrder& order, const std::vector<int>& fds) {
  const std::string message = to_message(order);
  return message.size() <= kMaxOrderBytes && fds.size() <= kMaxOrderFds &&
         send_packet(control, message, fds);
}

std::optional<ReceivedOrder> receive_order(int control) {
  ReceivedOrder order;
  order.message.resize(kMaxOrderBytes);
  const ssize_t size = receive_packet(control, order.message, order.fds, 0);
  if (size <= 0) return std::nullopt;
  order.message.resize(static_cast<std::size_t>(size));
  return order;
}

}  // namespace vedette::inference
