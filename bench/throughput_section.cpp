#include <atomic>
#include <thread>

#include "inference/engine/engine.h"

#include "bare_session.h"
#include "cage.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using namespace inference;
using std::chrono::steady_clock;

constexpr int kRounds = 15;
constexpr std::chrono::milliseconds kRound{400};
constexpr std::chrono::seconds kDeadline{10};
constexpr int kCallers = 3;
constexpr std::uint32_t kSlots = 4;

double per_second(std::size_t calls, steady_clock::time_point begin) {
  return static_cast<double>(calls) /
         std::chrono::duration<double>(steady_clock::now() - begin).count();
}

// One thread computes without a pause, as the one thread of the worker does.
double measure_bare(BareSession& session) {
  const auto begin = steady_clock::now();
  std::size_t calls = 0;
  for (; steady_clock::now() - begin < kRound; ++calls)
    session.run();
  return per_second(calls, begin);
}

// Several callers keep the worker busy; none of them computes.
double measure_cage(WorkerProcess& worker, const std::vector<TensorView>& inputs, int core) {
  const auto begin = steady_clock::now();
  std::atomic<std::size_t> calls = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < kCallers; ++i)
    callers.emplace_back([&] {
      bind_to(core);
      channel::Reply reply;
      while (steady_clock::now() - begin < kRound && worker.infer(inputs, kDeadline, reply))
        ++calls;
    });
  callers.clear();
  return per_second(calls, begin);
}

}  // namespace

Result<void> measure_throughput(Report& report) {
  VEDETTE_TRY(const Cores cores, two_cores());
  VEDETTE_TRY(const auto spawner, start_spawner());
  const Subject subject = dense("MLP, 8 x 768, 16 rows", {.layers = 8, .width = 768, .rows = 16});
  BareSession bare(subject.model, subject.inputs);
  VEDETTE_TRY(const auto worker,
              start_worker(*spawner, subject.model, {.cpu = cores.other, .slots = kSlots}));
  const auto inputs = views(subject.inputs);
  // Both compute on the same core, in turns; the callers of the cage wait on the other.
  bind_to(cores.other);
  Samples in_process;
  Samples in_cage;
  Samples ratio;
  for (int round = 0; round < kRounds; ++round) {
    const double here = measure_bare(bare);
    const double there = measure_cage(*worker, inputs, cores.one);
    in_process.add(here);
    in_cage.add(there);
    ratio.add(there / here);
  }
  report.section("throughput: " + subject.name, "calls/s");
  report.line("in process, the runtime alone, one thread", in_process);
  report.line("cage, one thread, " + std::to_string(kCallers) + " callers", in_cage);
  report.figure("milliseconds of a call in process", 1000.0 / in_process.median());
  report.bar("cage / in process, median of rounds", ratio.median(), Report::Side::at_least, 0.98,
             "");
  return {};
}

}  // namespace vedette::bench
