#include <atomic>
#include <csignal>
#include <new>

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#include "cage.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using std::chrono::steady_clock;

constexpr std::uint32_t kTurns = 50'000;

// Two words, a page apart: one for each direction.
struct Words {
  alignas(4096) std::atomic<std::uint32_t> there;
  alignas(4096) std::atomic<std::uint32_t> back;
};

void await(std::atomic<std::uint32_t>& word, std::uint32_t value, bool sleeps) {
  while (word.load(std::memory_order_acquire) != value)
    if (sleeps) ::syscall(SYS_futex, &word, FUTEX_WAIT, value - 1, nullptr, nullptr, 0);
}

void tell(std::atomic<std::uint32_t>& word, std::uint32_t value, bool sleeps) {
  word.store(value);
  if (sleeps) ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

struct Partner {
  int core = 0;
  bool sleeps = false;     // while it waits; else it spins
  bool separated = false;  // in what it trains the predictor of branches, as a worker is
};

// The other process: says back what it is told. Makes system calls only.
[[noreturn]] void echo(Words& words, const Partner& partner) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (partner.separated)
    ::prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_FORCE_DISABLE, 0, 0);
  const bool sleeps = partner.sleeps;
  for (std::uint32_t turn = 1; turn <= kTurns; ++turn) {
    await(words.there, turn, sleeps);
    tell(words.back, turn, sleeps);
  }
  ::_exit(0);
}

// The other process is born on its own core: with a real-time priority it would never get to leave
// one on which we spin.
Result<Samples> measure_turns(int ours, const Partner& partner) {
  const bool sleeps = partner.sleeps;
  void* const memory =
      ::mmap(nullptr, sizeof(Words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return refuse("BENCH-MACHINE", "no shared memory", errno_text("mmap"));
  Words& words = *new (memory) Words{};
  bind_to(partner.core);
  const pid_t other = ::fork();
  if (other == 0) echo(words, partner);
  bind_to(ours);
  Samples samples;
  for (std::uint32_t turn = 1; other > 0 && turn <= kTurns; ++turn) {
    const auto begin = steady_clock::now();
    tell(words.there, turn, sleeps);
    await(words.back, turn, sleeps);
    samples.add_microseconds(steady_clock::now() - begin);
  }
  if (other > 0) ::waitpid(other, nullptr, 0);
  ::munmap(memory, sizeof(Words));
  if (other < 0) return refuse("BENCH-MACHINE", "no process", errno_text("fork"));
  return samples;
}

}  // namespace

Result<void> measure_machine(Report& report) {
  VEDETTE_TRY(const Cores cores, two_cores());
  VEDETTE_TRY(const Samples spinning, measure_turns(cores.one, {.core = cores.other}));
  VEDETTE_TRY(const Samples sleeping,
              measure_turns(cores.one, {.core = cores.one, .sleeps = true}));
  report.section("the machine itself: a word there and back", "us");
  report.line("two processes, spinning, two cores", spinning);
  report.line("two processes, futex, one core", sleeping);
  const int training = ::prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0);
  if (training < 0 || (static_cast<unsigned>(training) & PR_SPEC_PRCTL) == 0) {
    report.skipped("the same, separated in what trains branches", "not to be had here");
    return {};
  }
  VEDETTE_TRY(const Samples separated,
              measure_turns(cores.one, {.core = cores.one, .sleeps = true, .separated = true}));
  report.line("the same, separated in what trains branches", separated);
  return {};
}

}  // namespace vedette::bench
