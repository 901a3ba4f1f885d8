// Who is at the other end of a plain connection on this machine.
#pragma once

#include <optional>

#include "platform/net/beast/tcp_table.h"
#include "platform/net/http.h"

namespace vedette::platform::net {

// On a Unix socket what the kernel noted when the peer connected. On loopback TCP the owner of the
// peer's socket, which must still be open. None when nothing certain can be said.
[[nodiscard]] std::optional<PeerCredentials> peer_credentials(int socket);

// The same look-up for kernels that cannot be asked for one socket: find_owner() in all of their
// tables, which takes milliseconds where they are large.
[[nodiscard]] std::optional<SocketOwner> owner_in_tables(const TcpEnd& local, const TcpEnd& remote);

}  // namespace vedette::platform::net
