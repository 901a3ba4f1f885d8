#include <thread>

#include "inference/host/worker_spawner.h"

#include "cage.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using namespace inference;
using std::chrono::steady_clock;

constexpr int kRounds = 60;
// The kernel clears away a dead worker's namespaces in the background, and makes others wait for
// it: that is no part of a start.
constexpr std::chrono::milliseconds kRest{25};
constexpr std::chrono::seconds kPatience{20};

struct Way {
  std::string name;
  Profile profile;
  Samples caged;
  Samples loaded;
};

// Every layer off: a plain fork of the same zygote.
Profile without_layers(Profile profile) {
  profile.name = "none";
  profile.namespaces.clear();
  for (Need* need : {&profile.core_scheduling, &profile.branch_separation, &profile.coarse_clock,
                     &profile.empty_root, &profile.no_capabilities, &profile.landlock,
                     &profile.cgroup, &profile.syscall_filter})
    *need = Need::off;
  return profile;
}

Result<void> measure(Way& way, WorkerSpawner& spawner, int model_fd) {
  VEDETTE_TRY(const auto channel, channel::HostEnd::create({}));
  const SpawnOrder order{.profile = way.profile, .drill = {}};
  std::this_thread::sleep_for(kRest);
  const auto begin = steady_clock::now();
  const auto until = begin + kPatience;
  VEDETTE_TRY(const auto life, spawner.spawn(order, channel->fd(), model_fd, {}));
  VEDETTE_CHECK(life->wait_caged(until));
  const auto caged = steady_clock::now();
  while (channel->wait_loaded(std::chrono::milliseconds(1)) != channel::HostEnd::Wait::answered)
    if (life->is_over() || steady_clock::now() > until)
      return refuse("BENCH-SPAWN", "a worker did not load its model", way.name);
  const auto loaded = steady_clock::now();
  way.caged.add_milliseconds(caged - begin);
  way.loaded.add_milliseconds(loaded - begin);
  life->kill();
  if (!life->wait_ended(until)) return refuse("BENCH-SPAWN", "a worker did not end", way.name);
  return {};
}

Result<void> measure(Report& report, WorkerSpawner& spawner, const Subject& subject) {
  VEDETTE_TRY(const SealedModel model, seal(subject.model));
  const Profile strict = at_posture(strict_settings().profile, spawner.posture());
  Way cage{"strict", strict, {}, {}};
  Way plain{"no layer at all", without_layers(strict), {}, {}};
  for (int round = 0; round < kRounds; ++round) {
    VEDETTE_CHECK(measure(cage, spawner, model.fd()));
    VEDETTE_CHECK(measure(plain, spawner, model.fd()));
  }
  report.section("a worker's start: " + subject.name, "ms");
  for (const Way* way : {&plain, &cage}) {
    report.line("until caged, " + way->name, way->caged);
    report.line("until loaded, " + way->name, way->loaded);
  }
  report.bar("the cage adds until caged, p50", cage.caged.median() - plain.caged.median(),
             Report::Side::at_most, 1.5, "ms");
  report.bar("the cage adds until loaded, p50", cage.loaded.median() - plain.loaded.median(),
             Report::Side::at_most, 1.5, "ms");
  return {};
}

}  // namespace

Result<void> measure_spawns(Report& report) {
  VEDETTE_TRY(const auto spawner, start_spawner());
  VEDETTE_TRY(const Subject silero, voice());
  VEDETTE_CHECK(
      measure(report, *spawner, dense("MLP, 2 x 16", {.layers = 2, .width = 16, .rows = 1})));
  return measure(report, *spawner, silero);
}

}  // namespace vedette::bench
