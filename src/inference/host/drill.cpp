#include "inference/host/drill.h"

#include <csignal>
#include <optional>
#include <string_view>

#include "inference/channel/channel.h"
#include "inference/host/worker_child.h"

namespace vedette::inference {

namespace {

using Outcome = DrillVerdict::Outcome;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kDeadline = std::chrono::seconds(20);

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

// What the worker said before it ended, if it said anything that makes sense.
std::optional<channel::Refusal> last_words(channel::HostEnd& host) {
  if (host.wait(std::chrono::microseconds(0)) != channel::HostEnd::Wait::answered)
    return std::nullopt;
  auto reply = host.take();
  if (!reply || !std::holds_alternative<channel::Refusal>(*reply)) return std::nullopt;
  return std::get<channel::Refusal>(*std::move(reply));
}

Result<DrillVerdict> judge(DrillAct act, const Ending& ending, channel::HostEnd& host) {
  const std::string tried = "the worker tried to " + std::string(phrase_of(act));
  if (ending.by_signal && ending.value == SIGSYS)
    return DrillVerdict{Outcome::killed, tried + " and was killed by the system call filter", {}};
  if (ending.is(WorkerExit::leaked))
    return DrillVerdict{Outcome::leaked, tried + " and succeeded: the cage leaks", {}};
  const auto words = last_words(host);
  if (ending.is(WorkerExit::act_refused))
    return DrillVerdict{Outcome::refused,
                        tried + " and got an error, but the filter let it pass" +
                            (words ? ": " + words->message : std::string()),
                        {}};
  if (ending.is(WorkerExit::refused) && words && words->code.starts_with("SBX-CAGE-"))
    return refuse(words->code, words->message);
  return refuse("SBX-WORKER-DIED", "the worker ended before its drill", describe(ending));
}

}  // namespace

Result<DrillVerdict> run_drill(const std::string& worker_path, DrillAct act, Posture posture) {
  const auto begin = steady_clock::now();
  VEDETTE_TRY(channel::HostEnd host, channel::HostEnd::create(1, 1));
  host.ask_metadata();
  WorkerOrder order;
  order.posture = posture;
  order.drill = act;
  VEDETTE_TRY(WorkerChild child, WorkerChild::start(worker_path, order, -1, host.fd()));
  const auto ending = child.wait(kDeadline);
  if (!ending) return refuse("SBX-DEADLINE", "the drill did not end in time and was killed");
  VEDETTE_TRY(DrillVerdict verdict, judge(act, *ending, host));
  verdict.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
  return verdict;
}

}  // namespace vedette::inference
