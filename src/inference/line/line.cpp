#include "inference/line/line.h"

#include <span>

#include <sys/socket.h>

#include "inference/line/packet.h"

namespace vedette::inference {

static_assert(kMaxOrderFds <= kMaxPacketFds);

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
