#include <functional>
#include <thread>

#include "inference/engine/engine.h"

#include "bare_session.h"
#include "cage.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using namespace inference;
using std::chrono::steady_clock;

// The ways of calling take turns, so that whatever else this machine does meets them all alike.
constexpr int kRounds = 40;
constexpr int kWarmUps = 20;
constexpr std::chrono::seconds kDeadline{10};
// A worker that spins goes to sleep this long after its last call, and leaves the core to others.
constexpr std::uint32_t kSpin = 2000;  // microseconds
// A worker's clock steps by up to 10 ms: it may spin for that much longer.
constexpr std::chrono::milliseconds kRest{14};

struct Way {
  std::string name;
  std::function<bool()> call;
  Samples samples;              // of all rounds
  std::vector<Samples> rounds;  // the same, apart
};

bool measure_round(Way& way, int calls) {
  for (int i = 0; i < kWarmUps; ++i)
    if (!way.call()) return false;
  Samples& round = way.rounds.emplace_back();
  for (int i = 0; i < calls; ++i) {
    const auto begin = steady_clock::now();
    if (!way.call()) return false;
    const auto time = steady_clock::now() - begin;
    way.samples.add_microseconds(time);
    round.add_microseconds(time);
  }
  std::this_thread::sleep_for(kRest);
  return true;
}

struct Cage {
  std::unique_ptr<WorkerProcess> worker;
  std::vector<TensorView> inputs;
  channel::Reply reply;

  bool call() { return worker->infer(inputs, kDeadline, reply).has_value(); }
};

Result<Cage> make_cage(WorkerSpawner& spawner, const Subject& subject,
                       const CageSettings& settings) {
  VEDETTE_TRY(auto worker, start_worker(spawner, subject.model, settings));
  return Cage{std::move(worker), views(subject.inputs), {}};
}

// Within a round the processor's speed and the machine's load are much the same; from round to
// round they are not. So each round is compared with itself, and the middle one counts.
double added(const Way& cage, const Way& bare, double share) {
  Samples differences;
  for (std::size_t i = 0; i < cage.rounds.size(); ++i)
    differences.add(cage.rounds[i].at(share) - bare.rounds[i].at(share));
  return differences.median();
}

void add_bars(Report& report, const std::string& name, const Way& cage, const Way& bare, double p50,
              double p99) {
  report.bar(name + " adds, p50", added(cage, bare, 0.5), Report::Side::at_most, p50, "us");
  report.bar(name + " adds, p99", added(cage, bare, 0.99), Report::Side::at_most, p99, "us");
}

Result<void> measure(Report& report, WorkerSpawner& spawner, const Cores& cores,
                     const Subject& subject, int calls) {
  BareSession bare(subject.model, subject.inputs);
  VEDETTE_TRY(Engine engine, Engine::create());
  VEDETTE_CHECK(engine.load(subject.model));
  const auto inputs = indexed(subject.inputs);
  VEDETTE_TRY(Cage spinning,
              make_cage(spawner, subject, {.cpu = cores.other, .spin_microseconds = kSpin}));
  VEDETTE_TRY(Cage same_core, make_cage(spawner, subject, {.cpu = cores.one}));
  VEDETTE_TRY(Cage two_cores, make_cage(spawner, subject, {.cpu = cores.other}));
  Way ways[] = {
      {"in process, the runtime alone", [&] { return bare.run(), true; }, {}, {}},
      {"in process, our engine", [&] { return engine.run(inputs).has_value(); }, {}, {}},
      {"cage, spinning, two cores", [&] { return spinning.call(); }, {}, {}},
      {"cage, futex, one core", [&] { return same_core.call(); }, {}, {}},
      {"cage, futex, two cores", [&] { return two_cores.call(); }, {}, {}},
  };
  for (int round = 0; round < kRounds; ++round)
    for (Way& way : ways)
      if (!measure_round(way, calls)) return refuse("BENCH-CALL", "a call failed", way.name);
  report.section("a call: " + subject.name, "us");
  for (const Way& way : ways)
    report.line(way.name, way.samples);
  add_bars(report, "spinning", ways[2], ways[0], 1, 2);
  add_bars(report, "futex on one core", ways[3], ways[0], 12, 20);
  return {};
}

}  // namespace

Result<void> measure_calls(Report& report) {
  VEDETTE_TRY(const Cores cores, two_cores());
  VEDETTE_TRY(const auto spawner, start_spawner());
  VEDETTE_TRY(const Subject silero, voice());
  bind_to(cores.one);
  VEDETTE_CHECK(measure(report, *spawner, cores,
                        dense("MLP, 2 x 16", {.layers = 2, .width = 16, .rows = 1}), 1000));
  return measure(report, *spawner, cores, silero, 100);
}

}  // namespace vedette::bench
