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

}  // namespace vedette::agent
