// Messages with descriptors over a SOCK_SEQPACKET socket.
#pragma once

#include <span>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"

namespace vedette::inference {

inline constexpr std::size_t kMaxPacketFds = 3;

// One message with at most kMaxPacketFds descriptors, in a single system call. False when it was
// not taken whole. No SIGPIPE: an end that is gone is an answer, too.
[[nodiscard]] bool send_packet(int socket, std::span<const char> bytes, std::span<const int> fds);

// The size that came, cut to `bytes`; 0 or less when nothing did. Descriptors are close-on-exec;
// more than kMaxPacketFds are dropped. `flags` as for recvmsg.
[[nodiscard]] ssize_t receive_packet(int socket, std::span<char> bytes, std::vector<UniqueFd>& fds,
                                     int flags);

}  // namespace vedette::inference
