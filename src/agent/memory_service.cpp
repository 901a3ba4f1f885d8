#include "agent/memory_service.h"

#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::agent {

Result<Caller> caller_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer)
    return refuse("MEM-CALLER", "the kernel does not say who calls", errno_text("SO_PEERCRED"));
  return Caller{peer.uid, peer.gid, peer.pid};
}

Result<void> authorise_own_user(const Caller& caller, std::string_view /*model*/) {
  if (caller.uid == 0 || caller.uid == ::geteuid()) return {};
  return refuse("MEM-CALLER", "this user may not ask the agent's models",
                "uid " + std::to_string(caller.uid), "run as root or as the agent's own user");
}

}  // namespace vedette::agent
