// What the kernel says of one TCP socket when it is asked for it (sock_diag(7)).
#pragma once

#include <optional>

#include "base/error.h"
#include "platform/net/beast/tcp_table.h"

namespace vedette::platform::net {

// Who owns the socket whose own end is `local`, connected to `remote`; none when no process holds
// it any more. Takes microseconds, however many sockets there are. Refuses NET-DIAGNOSIS when the
// kernel does not answer, be it that it cannot or that there is no such socket: it does not tell
// these apart.
[[nodiscard]] Result<std::optional<SocketOwner>> diagnose_owner(const TcpEnd& local,
                                                                const TcpEnd& remote);

}  // namespace vedette::platform::net
