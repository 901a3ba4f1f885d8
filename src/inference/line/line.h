// Orders, reports and descriptors over the sockets between agent, zygote and worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "inference/policy/spawn_order.h"

namespace vedette::inference {

struct SocketPair {
  UniqueFd one;
  UniqueFd other;
};
// SOCK_SEQPACKET, close-on-exec. Refuses SBX-SPAWN.
[[nodiscard]] Result<SocketPair> make_line();

// False when the other end is gone. `fd` goes along; -1: none. Takes a single system call.
bool send_report(int line, const Report& report, int fd = -1);

struct ReceivedReport {
  Report report;
  UniqueFd fd;
};
// None when the other end is gone, when nothing is there (with `wait` false), or when what came is
// no report.
[[nodiscard]] std::optional<ReceivedReport> receive_report(int line, bool wait);

// `fds` as in policy/spawn_order.h, at most kMaxOrderFds.
bool send_order(int control, const SpawnOrder& order, const std::vector<int>& fds);

struct ReceivedOrder {
  std::string message;
  std::vector<UniqueFd> fds;
};
// Waits. None when the other end is gone. A message that is too long comes out cut, and does not
// parse.
[[nodiscard]] std::optional<ReceivedOrder> receive_order(int control);

}  // namespace vedette::inference
