// Who the worker is, and how long it may live.
#include <csignal>

#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

// A new namespace keeps the outer id until it is changed inside: files would still be made as root.
Result<void> take_inside_ids(bool has_user_namespace) {
  const unsigned id = has_user_namespace ? kInsideId : kNobodyId;
  if (!has_user_namespace && ::geteuid() != 0)
    return refuse("SBX-CAGE-IDMAP", "only root can do without a user namespace", {},
                  "allow user namespaces, or run the agent as root");
  if (!has_user_namespace && ::setgroups(0, nullptr) != 0)
    return refuse("SBX-CAGE-IDMAP", "the worker's groups could not be dropped",
                  errno_text("setgroups"));
  if (::setresgid(id, id, id) != 0 || ::setresuid(id, id, id) != 0)
    return refuse("SBX-CAGE-IDMAP", "the worker could not take its ids", errno_text("setresuid"));
  if (::geteuid() != id || ::getuid() != id || ::getegid() != id)
    return refuse("SBX-CAGE-IDMAP", "the worker did not get its ids");
  return {};
}

// The signal is asked for after the last change of ids, which would forget it. It misses a zygote
// that died before it was asked for: then the pipe that the zygote alone holds is already closed.
Result<void> die_with_zygote(int alive_fd) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return refuse("SBX-CAGE-FORK", "the worker could not tie its life to its zygote's",
                  errno_text("PR_SET_PDEATHSIG"));
  pollfd alive{alive_fd, POLLIN, 0};
  if (::poll(&alive, 1, 0) != 0)
    return refuse("SBX-CAGE-FORK", "the worker's zygote is gone already");
  return {};
}

}  // namespace vedette::inference::sandbox
