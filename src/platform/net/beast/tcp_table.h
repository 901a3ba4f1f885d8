// The kernel's table of TCP sockets (/proc/net/tcp and tcp6; proc_net_tcp(5)), as text. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::platform::net {

struct TcpEnd {
  std::array<std::uint8_t, 16> address{};  // IPv6, or IPv4 mapped into it (RFC 4291, 2.5.5.2)
  std::uint16_t port = 0;

  friend bool operator==(const TcpEnd&, const TcpEnd&) = default;
};

struct SocketOwner {
  std::uint32_t uid = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const SocketOwner&, const SocketOwner&) = default;
};

// Who owns the socket whose own end is `local`, connected to `remote`. None when no line names it,
// and when its inode is 0: then no process holds it any more, and the table says uid 0 of whoever
// it was.
[[nodiscard]] std::optional<SocketOwner> find_owner(std::string_view table, const TcpEnd& local,
                                                    const TcpEnd& remote);

}  // namespace vedette::platform::net
