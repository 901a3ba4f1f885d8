// The filter's listener on its way to the supervisor.
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>

#include <linux/futex.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/line/line.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

std::unexpected<Error> refuse_handover(std::string_view call) {
  return refuse("SBX-CAGE-HANDOVER", "the cage could not be closed", errno_text(call));
}

bool send_caged(int line_fd, int listener) {
  return send_report(line_fd, plain_report(ReportKind::caged, 0), listener);
}

bool close_everything() {
  return ::syscall(SYS_close_range, 0U, ~0U, 0U) == 0;
}

bool limit_descriptors(pid_t process, std::uint64_t count) {
  const rlimit limit{count, count};
  return ::syscall(SYS_prlimit64, process, RLIMIT_NOFILE, &limit, nullptr) == 0;
}

// The kernel counts the worker itself, too.
bool limit_processes(const ResourceLimits& limits) {
  const std::uint64_t count = limits.processes == 0 ? 0 : limits.threads + limits.processes;
  const rlimit limit{count, count};
  return ::setrlimit(RLIMIT_NPROC, &limit) == 0;
}

constexpr std::uint32_t kNoListener = UINT32_MAX;  // the filter could not be put up

// Shared by worker and helper, which share all memory. Waited for by bare futex calls: they are all
// that the filter leaves to the worker.
struct Errand {
  int line_fd;
  std::uint64_t open_files;
  pid_t worker;
  std::atomic<std::uint32_t> listener{0};  // number + 1, once the filter is up
  std::atomic<std::uint32_t> done{0};
  pid_t helper_alive = 1;  // the kernel writes 0 and wakes when the helper is gone
};

void wait_while(const void* word, std::uint32_t value) {
  ::syscall(SYS_futex, word, FUTEX_WAIT, value, nullptr, nullptr, 0);
}

// Runs in the worker's memory and descriptor table, but in a process of its own that the filter
// does not hold. Makes system calls only.
int run_errand(void* argument) {
  auto& errand = *static_cast<Errand*>(argument);
  std::uint32_t listener = 0;
  while ((listener = errand.listener.load()) == 0)
    wait_while(&errand.listener, 0);
  if (listener == kNoListener) return 0;
  const bool closed = send_caged(errand.line_fd, static_cast<int>(listener - 1)) &&
                      close_everything() && limit_descriptors(errand.worker, errand.open_files);
  errand.done.store(closed ? 1 : 0);
  return 0;
}

Result<int> limit_and_install(const SyscallFilter& filter, const ResourceLimits& limits) {
  if (!limit_processes(limits)) return refuse_handover("RLIMIT_NPROC");
  return filter.install();
}

constexpr std::size_t kHelperStack = std::size_t{64} << 10U;

}  // namespace

Result<void> put_up_filter(const SyscallFilter& filter, int line_fd, const ResourceLimits& limits) {
  Errand errand{line_fd, limits.open_files, ::getpid()};
  alignas(64) static char stack[kHelperStack];
  ::signal(SIGCHLD, SIG_IGN);  // nobody will be able to wait for the helper
  const int helper = ::clone(run_errand, stack + sizeof stack,
                             CLONE_VM | CLONE_FILES | CLONE_CHILD_CLEARTID | SIGCHLD, &errand,
                             nullptr, nullptr, &errand.helper_alive);
  if (helper < 0) return refuse_handover("clone");
  // Whatever happens, the helper hears of it and ends: nobody else would end it.
  const auto listener = limit_and_install(filter, limits);
  errand.listener.store(listener ? static_cast<std::uint32_t>(*listener) + 1 : kNoListener);
  ::syscall(SYS_futex, &errand.listener, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  const std::atomic_ref<pid_t> alive(errand.helper_alive);
  while (alive.load() != 0)
    wait_while(&errand.helper_alive, 1);
  if (!listener) return std::unexpected(listener.error());
  if (errand.done.load() != 1)
    return refuse("SBX-CAGE-HANDOVER", "the cage's evidence could not be handed over");
  return {};
}

Result<void> close_without_filter(int line_fd, const ResourceLimits& limits) {
  if (!limit_processes(limits)) return refuse_handover("RLIMIT_NPROC");
  if (!send_caged(line_fd, -1)) return refuse_handover("send");
  if (!close_everything()) return refuse_handover("close_range");
  if (!limit_descriptors(0, limits.open_files)) return refuse_handover("RLIMIT_NOFILE");
  return {};
}

}  // namespace vedette::inference::sandbox
