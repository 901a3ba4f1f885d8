#include "cli/machine.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::cli {

namespace {

constexpr const char* kTpmDevice = "/dev/tpmrm0";

std::string kernel_name() {
  utsname name{};
  if (::uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

// 0, or the errno with which the kernel refused. Tried in a child: it cannot be undone.
int try_namespaces() {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    const int flags =
        CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    ::_exit(::unshare(flags) == 0 ? 0 : errno);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int landlock_abi() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

bool has_seccomp() {
  std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

bool in_path(const std::string& program) {
  const char* variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "" : variable;
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string file = std::string(path.substr(0, colon)) + "/" + program;
    if (::access(file.c_str(), X_OK) == 0) return true;
    path = colon == std::string_view::npos ? "" : path.substr(colon + 1);
  }
  return false;
}

bool clock_synchronised() {
  timex state{};
  const int result = ::adjtimex(&state);
  return result >= 0 && result != TIME_ERROR;
}

}  // namespace

MachineFacts probe_machine() {
  MachineFacts facts;
  facts.kernel = kernel_name();
  const int refusal = try_namespaces();
  facts.user_namespaces = refusal == 0;
  if (refusal != 0) facts.namespaces_cause = std::strerror(refusal);
  facts.landlock_abi = landlock_abi();
  facts.siblings = inference::sibling_threads();
  facts.training = inference::branch_training();
  facts.coarse_clock = inference::cycle_counter_can_be_forbidden();
  facts.seccomp_filter = has_seccomp();
  facts.delegation = inference::foresee_delegation();
  facts.tpm_present = ::access(kTpmDevice, F_OK) == 0;
  facts.tpm_usable = UniqueFd(::open(kTpmDevice, O_RDWR | O_CLOEXEC)).valid();
  facts.software_tpm = in_path("swtpm");
  facts.clock_synchronised = clock_synchronised();
  facts.runs_as_root = ::geteuid() == 0;
  return facts;
}

}  // namespace vedette::cli
