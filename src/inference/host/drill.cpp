#include "inference/host/drill.h"

#include <string_view>

#include "inference/channel/channel.h"

namespace vedette::inference {

namespace {

using Outcome = DrillVerdict::Outcome;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{20};

std::string_view phrase_of(DrillAct act) {
  switch (act) {
    case DrillAct::open_file:
      return "open /etc/passwd";
    case DrillAct::socket:
      return "open a network socket";
    case DrillAct::exec:
      return "execute a shell";
    case DrillAct::fork:
      return "fork";
    case DrillAct::ptrace:
      return "use ptrace";
  }
  return "do something unknown";
}

Result<DrillVerdict> judge(DrillAct act, const WorkerLife& life, const Ending& ending) {
  const std::string tried = "the worker tried to " + std::string(phrase_of(act));
  if (const auto violation = life.violation())
    return DrillVerdict{
        Outcome::killed,
        tried + " and was killed by the system call filter: " + describe(*violation),
        violation,
        {}};
  if (ending.is(WorkerExit::leaked))
    return DrillVerdict{Outcome::leaked, tried + " and succeeded: the cage leaks", {}, {}};
  if (ending.is(WorkerExit::act_refused))
    return DrillVerdict{
        Outcome::refused, tried + " and got an error, but the filter let it pass", {}, {}};
  return refuse("SBX-WORKER-DIED", "the worker ended before its drill", describe(ending));
}

}  // namespace

Result<DrillVerdict> run_drill(WorkerSpawner& spawner, DrillAct act) {
  const auto begin = steady_clock::now();
  const channel::ChannelShape smallest{.request_bytes = 1, .reply_bytes = 1, .slots = 1};
  VEDETTE_TRY(const auto host, channel::HostEnd::create(smallest));
  SpawnOrder order;
  VEDETTE_TRY(order.profile, built_in_profile("strict"));
  order.profile = at_posture(std::move(order.profile), spawner.posture());
  order.drill = name_of(act);
  VEDETTE_TRY(const auto life, spawner.spawn(order, host->fd(), -1, {}));
  VEDETTE_CHECK(life->wait_caged(begin + kDeadline));
  const auto ending = life->wait_ended(begin + kDeadline);
  if (!ending) {
    life->kill();
    return refuse("SBX-DEADLINE", "the drill did not end in time and was killed");
  }
  VEDETTE_TRY(DrillVerdict verdict, judge(act, *life, *ending));
  verdict.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
  return verdict;
}

Result<DrillVerdict> run_drill(const std::string& worker_path, DrillAct act, Posture posture) {
  VEDETTE_TRY(const auto spawner, WorkerSpawner::start({worker_path, posture}));
  return run_drill(*spawner, act);
}

}  // namespace vedette::inference
