#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <functional>
#include <new>
#include <random>
#include <thread>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "testing/onnx_writer.h"

#include "cage.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using namespace inference;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{10};

// What was seen while a secret bit was 0, and while it was 1.
struct Sightings {
  std::vector<double> of[2];
};

// How often the best threshold guesses the bit from one sighting: 0.5 is guessing, 1 is knowing.
double told_apart(Sightings seen) {
  for (auto& values : seen.of)
    std::ranges::sort(values);
  const auto share_below = [](const std::vector<double>& sorted, double limit) {
    const auto below = std::ranges::upper_bound(sorted, limit) - sorted.begin();
    return static_cast<double>(below) / static_cast<double>(sorted.size());
  };
  double best = 0.5;
  for (const auto& values : seen.of)
    for (const double limit : values) {
      const double right =
          (share_below(seen.of[0], limit) + 1 - share_below(seen.of[1], limit)) / 2;
      best = std::max({best, right, 1 - right});
    }
  return best;
}

std::vector<bool> secret_bits(std::size_t count) {
  std::mt19937 random(9);  // NOLINT: the same ones every time
  std::vector<bool> bits(count);
  for (std::size_t i = 0; i < count; ++i)
    bits[i] = (random() & 1U) != 0;
  return bits;
}

// --- What one caller sees of another's input.

constexpr std::size_t kCalls = 300;
constexpr std::int64_t kFewTurns = 1;
constexpr std::int64_t kManyTurns = 200;  // some hundred microseconds

Tensor turns(std::int64_t count) {
  Bytes data(sizeof count);
  std::memcpy(data.data(), &count, sizeof count);
  return {"turns", DataType::int64, {}, std::move(data)};
}

// Each caller is on the core of the worker that it asks.
struct Place {
  std::string name;
  int victim;
  int spy;
  bool same_worker;
};

// The victim calls with a secret; while its call is under way, the spy calls and looks at the time.
Result<Sightings> spy_on(const Place& place, const std::function<bool(bool)>& victim,
                         const std::function<bool()>& spy) {
  Sightings seen;
  bind_to(place.spy);
  for (const bool secret : secret_bits(kCalls)) {
    std::atomic<bool> begun = false;
    bool answered = true;
    std::thread other([&] {
      bind_to(place.victim);
      begun = true;
      answered = victim(secret);
    });
    while (!begun)
      std::this_thread::yield();
    const auto begin = steady_clock::now();
    const bool spied = spy();
    seen.of[secret ? 1 : 0].push_back(
        std::chrono::duration<double, std::micro>(steady_clock::now() - begin).count());
    other.join();
    if (!answered || !spied) return refuse("BENCH-CALL", "a call failed");
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return seen;
}

Result<void> measure_callers(Report& report, WorkerSpawner& spawner, const Cores& cores) {
  const Bytes model = testing::counted_loop_model();
  const Tensor x{"x", DataType::fp32, {1}, Bytes(sizeof(float))};
  report.section("another's input, told from the time of one call of one's own", "right");
  for (const Place& place : {Place{"by the same worker", cores.one, cores.one, true},
                             Place{"by a worker on the same core", cores.one, cores.one, false},
                             Place{"by a worker on another core", cores.one, cores.other, false}}) {
    VEDETTE_TRY(const auto theirs, start_worker(spawner, model, {.cpu = place.victim}));
    VEDETTE_TRY(const auto ours, start_worker(spawner, model, {.cpu = place.spy}));
    WorkerProcess& asked = place.same_worker ? *theirs : *ours;
    const auto victim = [&](bool secret) {
      const Tensor inputs[] = {turns(secret ? kManyTurns : kFewTurns), x};
      return theirs->infer(inputs, kDeadline).has_value();
    };
    const auto spy = [&] {
      const Tensor inputs[] = {turns(kFewTurns), x};
      return asked.infer(inputs, kDeadline).has_value();
    };
    VEDETTE_TRY(const Sightings seen, spy_on(place, victim, spy));
    report.figure(place.name, told_apart(seen));
  }
  return {};
}

// --- What clocks tell of a cache: whether a line was in it, from one load.

#if defined(__x86_64__)

constexpr std::size_t kLoads = 200;

void look_at(const std::uint8_t* line) {
  static_cast<void>(*static_cast<const volatile std::uint8_t*>(line));
}

void prepare_line(const std::uint8_t* line, bool cached) {
  if (cached) look_at(line);
  if (!cached) __builtin_ia32_clflush(line);
  __builtin_ia32_mfence();
}

double cycles_of_a_load(const std::uint8_t* line) {
  unsigned core = 0;
  const auto begin = __builtin_ia32_rdtscp(&core);
  __builtin_ia32_lfence();
  look_at(line);
  __builtin_ia32_lfence();
  return static_cast<double>(__builtin_ia32_rdtscp(&core) - begin);
}

long coarse_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_nsec;
}

long next_step(long seen) {
  long now = seen;
  while (now == seen)
    now = coarse_now();
  return now;
}

// The best that a clock which steps can do: begin at a step, and count what is left until the next.
double looks_left_after_a_load(const std::uint8_t* line) {
  const long begin = next_step(coarse_now());
  look_at(line);
  __builtin_ia32_lfence();
  double looks = 0;
  while (coarse_now() == begin)
    ++looks;
  return looks;
}

// In a process that cannot read the cycle counter, as in the cage.
Result<Sightings> load_with(bool coarse) {
  struct Shared {
    alignas(4096) std::uint8_t line[4096];
    double seen[kLoads];
  };
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return refuse("BENCH-MACHINE", "no shared memory", errno_text("mmap"));
  auto* const shared = new (memory) Shared{};
  const auto bits = secret_bits(kLoads);
  const pid_t child = ::fork();
  if (child == 0) {
    if (coarse && ::prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0) ::_exit(1);
    for (std::size_t i = 0; i < kLoads; ++i) {
      if (coarse) next_step(coarse_now());
      prepare_line(shared->line, bits[i]);
      shared->seen[i] =
          coarse ? looks_left_after_a_load(shared->line) : cycles_of_a_load(shared->line);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Sightings seen;
  for (std::size_t i = 0; i < kLoads; ++i)
    seen.of[bits[i] ? 1 : 0].push_back(shared->seen[i]);
  ::munmap(memory, sizeof(Shared));
  if (status != 0) return refuse("BENCH-CLOCK", "a load could not be timed");
  return seen;
}

Result<void> measure_clocks(Report& report) {
  report.section("a line in the cache, told from the time of one load", "right");
  VEDETTE_TRY(const Sightings fine, load_with(false));
  report.figure("by the cycle counter, some million loads a second", told_apart(fine));
  VEDETTE_TRY(const Sightings coarse, load_with(true));
  report.figure("by the coarse clock's steps, some hundred loads a second", told_apart(coarse));
  return {};
}

#else
Result<void> measure_clocks(Report& report) {
  report.section("a line in the cache, told from the time of one load", "right");
  report.skipped("clocks", "this is written for x86-64");
  return {};
}
#endif

// --- What it costs to have no fine clock.

constexpr int kRounds = 20;
constexpr int kCallsOfARound = 500;

Result<double> median_of_a_round(WorkerProcess& worker, std::span<const TensorView> inputs) {
  Samples samples;
  channel::Reply reply;
  for (int i = 0; i < kCallsOfARound; ++i) {
    const auto begin = steady_clock::now();
    if (!worker.infer(inputs, kDeadline, reply)) return refuse("BENCH-CALL", "a call failed");
    samples.add_microseconds(steady_clock::now() - begin);
  }
  return samples.median();
}

Result<void> measure_cost(Report& report, WorkerSpawner& spawner, const std::string& name,
                          CageSettings settings) {
  const Subject subject = dense("MLP, 2 x 16", {.layers = 2, .width = 16, .rows = 1});
  VEDETTE_TRY(const auto coarse, start_worker(spawner, subject.model, settings));
  settings.fine_clock = true;
  VEDETTE_TRY(const auto fine, start_worker(spawner, subject.model, settings));
  const auto inputs = views(subject.inputs);
  Samples differences;
  for (int round = 0; round < kRounds; ++round) {
    VEDETTE_TRY(const double with, median_of_a_round(*coarse, inputs));
    std::this_thread::sleep_for(std::chrono::microseconds(8 * settings.spin_microseconds));
    VEDETTE_TRY(const double without, median_of_a_round(*fine, inputs));
    std::this_thread::sleep_for(std::chrono::microseconds(8 * settings.spin_microseconds));
    differences.add(with - without);
  }
  report.figure(name, differences.median());
  return {};
}

}  // namespace

Result<void> measure_side_channels(Report& report) {
  VEDETTE_TRY(const Cores cores, two_cores());
  VEDETTE_TRY(const auto spawner, start_spawner());
  bind_to(cores.one);
  VEDETTE_CHECK(measure_clocks(report));
  report.section("what the coarse clock adds to a call, p50: MLP, 2 x 16", "us");
  constexpr std::uint32_t kSpin = 2000;
  VEDETTE_CHECK(measure_cost(report, *spawner, "spinning, two cores",
                             {.cpu = cores.other, .spin_microseconds = kSpin}));
  VEDETTE_CHECK(measure_cost(report, *spawner, "futex, one core", {.cpu = cores.one}));
  return measure_callers(report, *spawner, cores);
}

}  // namespace vedette::bench
