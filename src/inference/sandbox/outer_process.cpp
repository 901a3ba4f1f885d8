// The process that stays behind: it waits, passes on how the inner one ended, and cuts its life
// when the agent's ends.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/policy/worker_order.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

// Ends this process as the inner one ended: with the same status or by the same signal.
[[noreturn]] void end_likewise(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) ::_exit(info.si_status);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(info.si_status, SIG_DFL);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigprocmask(SIG_SETMASK, &set, nullptr);
  ::raise(info.si_status);
  ::_exit(128 + info.si_status);
}

bool reap(pid_t inner, siginfo_t& info) {
  info = {};
  while (::waitid(P_PID, static_cast<id_t>(inner), &info, WEXITED) != 0)
    if (errno != EINTR) return false;
  return true;
}

[[noreturn]] void watch(pid_t inner, int inner_fd, int lifeline_fd) {
  bool cut = false;
  pollfd watched[] = {{inner_fd, POLLIN, 0}, {lifeline_fd, POLLIN, 0}};
  while (!cut) {
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) cut = true;
    if (watched[0].revents != 0) break;
    if (watched[1].revents != 0) cut = true;  // POLLHUP: its last writer is gone
  }
  if (cut) ::kill(inner, SIGKILL);
  siginfo_t info{};
  const bool reaped = reap(inner, info);
  if (cut || !reaped) ::_exit(static_cast<int>(WorkerExit::lifeline_cut));
  end_likewise(info);
}

// Holds nothing but what it watches, and no privilege in the new namespaces.
[[noreturn]] void stay_outside(pid_t inner, int lifeline_fd, int alive_fd) {
  const auto inner_fd = static_cast<int>(::syscall(SYS_pidfd_open, inner, 0));
  if (inner_fd < 0 || !drop_privileges()) {
    ::kill(inner, SIGKILL);
    ::_exit(static_cast<int>(WorkerExit::refused));
  }
  std::array kept = {lifeline_fd, alive_fd, inner_fd};
  std::ranges::sort(kept);
  unsigned from = 0;
  for (const int fd : kept) {
    if (fd < 0) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > from) ::syscall(SYS_close_range, from, number - 1, 0U);
    from = number + 1;
  }
  ::syscall(SYS_close_range, from, ~0U, 0U);
  watch(inner, inner_fd, lifeline_fd);
}

// The parent-death signal alone misses a parent that died before it was asked for: then the pipe
// that the parent held is already closed.
Result<void> die_with_outer(int alive_fd) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return refuse("SBX-CAGE-FORK", "the worker could not tie its life to the agent's",
                  errno_text("PR_SET_PDEATHSIG"));
  pollfd alive{alive_fd, POLLIN, 0};
  if (::poll(&alive, 1, 0) != 0)
    return refuse("SBX-CAGE-FORK", "the process outside the cage is gone already");
  return {};
}

}  // namespace

Result<void> leave_outer_process(int lifeline_fd) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return refuse("SBX-CAGE-FORK", "the cage could not be entered", errno_text("pipe"));
  UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  const pid_t inner = ::fork();
  if (inner < 0)
    return refuse("SBX-CAGE-FORK", "the cage could not be entered", errno_text("fork"));
  if (inner > 0) stay_outside(inner, lifeline_fd, write_end.get());
  write_end.reset();
  return die_with_outer(read_end.get());
}

}  // namespace vedette::inference::sandbox
