// Who is at the other end of a plain connection on this machine.
#pragma once

#include <optional>

#include "platform/net/http.h"

namespace vedette::platform::net {

// On a Unix socket what the kernel noted when the peer connected. On loopback TCP the owner of the
// peer's socket, which must still be open, from the kernel's tables: a look-up that reads all of
// them, so it is made once for each connection. None when nothing certain can be said.
[[nodiscard]] std::optional<PeerCredentials> peer_credentials(int socket);

}  // namespace vedette::platform::net
