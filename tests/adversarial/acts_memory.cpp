// Group 4: processes, memory and time on the processor.
#include <csignal>

#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "act.h"
#include "deeds.h"

namespace vedette::testing {

namespace {

#if defined(__x86_64__)
// A stack whose first return leads to the end of the thread.
std::uint64_t stack_of_a_thread() {
  constexpr std::size_t kSize = 16384;
  const std::uint64_t top = scratch(kSize) + kSize - 64;
  const auto leave = reinterpret_cast<std::uint64_t>(&end_thread);
  std::memcpy(reinterpret_cast<void*>(top), &leave, sizeof leave);  // NOLINT: scratch memory
  return top;
}
#endif

Acts processes() {
  clone_args like_fork{};
  like_fork.exit_signal = SIGCHLD;
  clone_args with_user = like_fork;
  with_user.flags = CLONE_NEWUSER;
  Acts acts{
      act("fork", call(SYS_clone, SIGCHLD, 0, 0, 0, 0)),
      act("fork-as-power", call(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0)),
      act("fork-by-clone3", call(SYS_clone3, put(like_fork), sizeof like_fork)),
      act("fork-into-user-namespace", call(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)),
      act("clone3-into-user-namespace", call(SYS_clone3, put(with_user), sizeof with_user)),
      act("wait-for-a-child", call(SYS_wait4, -1, 0, 1, 0)),
  };
#if defined(__x86_64__)
  constexpr int kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
  acts.push_back(act("thread", call(SYS_clone, kThread, stack_of_a_thread(), 0, 0, 0)));
#endif
  return acts;
}

Acts mappings() {
  constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  constexpr int kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
  const std::uint64_t page = (scratch(8192) + 4095) / 4096 * 4096;
  return {
      filtered("brk", call(SYS_brk, 0)),
      act("map-memory", call(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, kAnonymous, -1, 0)),
      act("map-executable-memory", call(SYS_mmap, 0, 4096, kAll, kAnonymous, -1, 0)),
      filtered("map-shared-memory",
               call(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
      act("map-too-much-memory",
          call(SYS_mmap, 0, 1ULL << 40U, PROT_READ | PROT_WRITE, kAnonymous, -1, 0)),
      act("map-huge-pages",
          call(SYS_mmap, 0, 2U << 20U, PROT_READ | PROT_WRITE, kAnonymous | MAP_HUGETLB, -1, 0)),
      act("map-the-null-page",
          call(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, kAnonymous | MAP_FIXED, -1, 0)),
      filtered("make-memory-executable", call(SYS_mprotect, page, 4096, kAll)),
      filtered("make-memory-executable-by-key", call(SYS_pkey_mprotect, page, 4096, kAll, -1)),
      filtered("unmap", call(SYS_munmap, page, 4096)),
      filtered("move-a-mapping", call(SYS_mremap, page, 4096, 4096, MREMAP_MAYMOVE, 0)),
      filtered("give-memory-back", call(SYS_madvise, page, 4096, MADV_DONTNEED)),
      filtered("merge-pages", call(SYS_madvise, page, 4096, MADV_NORMAL)),
      act("lock-memory", call(SYS_mlock, page, 4096)),
      act("lock-all-memory", call(SYS_mlockall, MCL_CURRENT)),
      filtered("which-pages-are-there", call(SYS_mincore, page, 4096, scratch(8))),
      act("memfd", call(SYS_memfd_create, text("x"), MFD_CLOEXEC)),
      act("secret-memory", call(SYS_memfd_secret, 0)),
      filtered("flush-memory", call(SYS_msync, page, 4096, MS_ASYNC)),
  };
}

Acts scheduling() {
  const sched_param realtime{.sched_priority = 1};
  struct Attributes {
    std::uint32_t size = 48, policy = 6;  // SCHED_DEADLINE
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 1'000'000, deadline = 10'000'000, period = 10'000'000;
  };
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  const std::uint64_t all_cores = put(~0ULL);
  return {
      act("realtime-priority", call(SYS_sched_setscheduler, 0, SCHED_FIFO, put(realtime))),
      act("deadline-scheduling", call(SYS_sched_setattr, 0, put(Attributes{}), 0)),
      filtered("any-core", call(SYS_sched_setaffinity, 0, 8, all_cores)),
      act("core-of-another", call(SYS_sched_setaffinity, 2, 8, all_cores)),
      filtered("yield", call(SYS_sched_yield)),
      act("be-nicer-to-itself", call(SYS_setpriority, PRIO_PROCESS, 0, -20)),
      act("realtime-input-output", call(SYS_ioprio_set, 1, 0, 1U << 13U)),
      act("raise-descriptor-limit", call(SYS_prlimit64, 0, RLIMIT_NOFILE, put(unlimited), 0)),
      act("raise-memory-limit", call(SYS_prlimit64, 0, RLIMIT_AS, put(unlimited), 0)),
      act("raise-core-limit", call(SYS_prlimit64, 0, RLIMIT_CORE, put(unlimited), 0)),
      act("limits-of-another", call(SYS_prlimit64, 2, RLIMIT_CORE, 0, scratch(16))),
      filtered("sleep", call(SYS_nanosleep, put(timespec{0, 1}), 0)),
      filtered("sleep-by-the-clock", call(SYS_clock_nanosleep, 1, 0, put(timespec{0, 1}), 0)),
      filtered("timer", call(SYS_timer_create, 1, 0, scratch(8))),
      act("timer-descriptor", call(SYS_timerfd_create, 1, 0)),
      filtered("interval-timer", call(SYS_setitimer, 0, put(itimerval{}), 0)),
      filtered("handle-a-signal", call(SYS_rt_sigaction, SIGUSR1, 0, scratch(256), 8)),
      filtered("block-signals", call(SYS_rt_sigprocmask, SIG_BLOCK, put(~0ULL), 0, 8)),
      filtered("signal-stack", call(SYS_sigaltstack, 0, scratch(64))),
  };
}

// The permitted call with operations that are not permitted.
Acts futexes() {
  const std::uint64_t word = put(0U);
  const std::uint64_t other = put(0U);
  return {
      filtered("futex-lock-pi", call(SYS_futex, word, FUTEX_LOCK_PI, 0, 0, 0, 0)),
      filtered("futex-trylock-pi", call(SYS_futex, other, FUTEX_TRYLOCK_PI, 0, 0, 0, 0)),
      act("futex-unlock-pi", call(SYS_futex, put(0U), FUTEX_UNLOCK_PI, 0, 0, 0, 0)),
      filtered("futex-requeue", call(SYS_futex, other, FUTEX_REQUEUE, 1, 1, word, 0)),
      filtered("futex-compare-requeue",
               call(SYS_futex, put(0U), FUTEX_CMP_REQUEUE, 1, 1, put(0U), 0)),
      filtered("futex-wake-op", call(SYS_futex, put(0U), FUTEX_WAKE_OP, 1, 1, put(0U), 0)),
      filtered("futex-compare-requeue-pi",
               call(SYS_futex, put(0U), FUTEX_CMP_REQUEUE_PI, 1, 1, put(0U), 0)),
      act("futex-descriptor", call(SYS_futex, word, 2, 0, 0, 0, 0)),  // FUTEX_FD
      act("futex-unknown", call(SYS_futex, word, 64, 0, 0, 0, 0)),
      act("futex-waitv", call(449, 0, 0, 0, 0, 0)),
      filtered("futex-wake", call(454, put(0U), 1, 1, 2)),
      filtered("robust-list", call(SYS_set_robust_list, scratch(24), 24)),
      act("robust-list-of-another", call(SYS_get_robust_list, 2, scratch(8), scratch(8))),
  };
}

Act doing(std::string name, End end, void (*deed)()) {
  return {.name = std::move(name), .calls = {}, .second_line = false, .deed = deed, .end = end};
}

Acts deeds() {
  return {
      doing("spin", End::endless, spin),
      doing("sleep-for-ever", End::endless, sleep_for_ever),
      doing("futex-storm", End::endless, storm_by_futex),
      doing("clock-storm", End::endless, storm_by_clock),
      doing("use-up-the-heap", End::shortage, use_up_the_heap),
      doing("use-up-the-stack", End::fault, use_up_the_stack),
      doing("write-to-nothing", End::fault, write_to_nothing),
      doing("run-the-heap", End::fault, run_the_heap),
      doing("write-to-the-model", End::fault, write_to_the_model),
      doing("run-the-model", End::fault, run_the_model),
      doing("run-the-channel", End::fault, run_the_channel),
  };
}

}  // namespace

Acts memory_acts() {
  Acts acts;
  for (const auto& part : {processes(), mappings(), scheduling(), futexes(), deeds()})
    acts.insert(acts.end(), part.begin(), part.end());
  return acts;
}

}  // namespace vedette::testing
