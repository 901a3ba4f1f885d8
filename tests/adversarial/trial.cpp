#include "trial.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <deque>
#include <memory>

#include <linux/audit.h>

#include "inference/channel/channel.h"
#include "testing/onnx_writer.h"

#include "commitment.h"
#include "sandbox_fixture.h"

namespace vedette::testing {

namespace {

using namespace inference;
using channel::HostEnd;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono::steady_clock;

constexpr std::size_t kAtATime = 16;
constexpr auto kPatience = 20s;
constexpr auto kLongEnough = 50ms;  // for an act that never ends

std::string_view name_of(Moment moment) {
  return moment == Moment::caged ? "caged" : moment == Moment::loaded ? "loaded" : "answering";
}

const SealedModel& model() {
  static const SealedModel one = sealed(add_model());
  return one;
}

Verdict no_trial(std::string why) {
  return {Verdict::Kind::other, -1, std::nullopt, std::move(why)};
}

class Trial {
 public:
  Trial(WorkerSpawner& spawner, const Profile& profile, const Act& act, Moment moment)
      : act_(act), moment_(moment) {
    if (const auto begun = begin(spawner, profile); !begun) note(begun.error());
  }

  Verdict end() {
    if (life_ != nullptr) {
      if (const auto caged = life_->wait_caged(until_); !caged) note(caged.error());
      if (trouble_.empty() && moment_ == Moment::answering) ask();
    }
    if (!trouble_.empty()) return no_trial(trouble_);
    return judge();
  }

 private:
  void note(const Error& error) { trouble_ = describe(error); }

  Result<void> begin(WorkerSpawner& spawner, const Profile& profile) {
    const std::string drill = act_.name + "@" + std::string(name_of(moment_));
    const SpawnOrder order{profile, ModelFormat::onnx, false, -1, drill};
    VEDETTE_TRY(host_, HostEnd::create({.request_bytes = 64, .reply_bytes = 64, .slots = 1}));
    VEDETTE_TRY(life_, spawner.spawn(order, host_->fd(), model().fd(), {}));
    return {};
  }

  void ask() {
    while (host_->wait_loaded(10ms) != HostEnd::Wait::answered)
      if (life_->is_over() || steady_clock::now() > until_) {
        trouble_ = "the model was not loaded";
        return;
      }
    const auto answer = host_->take_loaded();
    if (!answer) return note(answer.error());
    const Tensor input = floats("x", {1});
    const TensorView view{input.name, input.type, input.shape, input.data};
    const auto posted = host_->post(std::get<ModelMetadata>(*answer), std::span(&view, 1));
    if (!posted) note(posted.error());
  }

  Verdict judge() {
    using Kind = Verdict::Kind;
    auto ending =
        life_->wait_ended(act_.end == End::endless ? steady_clock::now() + kLongEnough : until_);
    const bool endless = !ending.has_value();
    if (endless) {
      life_->kill();
      ending = life_->wait_ended(steady_clock::now() + kPatience);
    }
    if (const auto violation = life_->violation()) return {Kind::killed, 0, violation, {}};
    if (!ending) return no_trial("the worker outlived its kill");
    if (endless && ending->by_signal) return {Kind::endless, ending->value, {}, {}};
    if (ending->by_signal) return {Kind::signalled, ending->value, {}, {}};
    if (ending->value == kSucceeded) return {Kind::succeeded, 0, {}, {}};
    if (ending->value > kRefusedBase) return {Kind::refused, ending->value - kRefusedBase, {}, {}};
    return {Kind::other, ending->value, {}, {}};
  }

  const Act& act_;
  Moment moment_;
  steady_clock::time_point until_ = steady_clock::now() + kPatience;
  std::unique_ptr<HostEnd> host_;
  std::shared_ptr<WorkerLife> life_;
  std::string trouble_;
};

std::uint32_t architecture_of(Entry entry) {
#if defined(__x86_64__)
  return entry == Entry::int80 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
#else
  static_cast<void>(entry);
  return AUDIT_ARCH_AARCH64;
#endif
}

// Registers beyond those of an entry are whatever they were.
std::size_t arguments_of(Entry entry) {
  return entry == Entry::vsyscall ? 1 : entry == Entry::int80 ? 5 : 6;
}

std::string fault_in_evidence(const Call& call, const Violation& violation) {
  const std::size_t count = arguments_of(call.entry);
  const bool same =
      violation.architecture == architecture_of(call.entry) && violation.number == call.number &&
      std::equal(call.arguments.begin(), call.arguments.begin() + static_cast<long>(count),
                 violation.arguments.begin());
  if (same) return {};
  return "the evidence names another call: " + describe(violation);
}

}  // namespace

std::string hostile_worker_path() {
  return std::string(VEDETTE_BIN_DIR) + "/hostile_worker";
}

WorkerSpawner& hostile_spawner() {
  static const auto shared = WorkerSpawner::start({hostile_worker_path(), posture()}).value();
  return *shared;
}

Profile strict_profile() {
  Profile profile = settings().profile;
  profile.limits.memory_bytes = std::uint64_t{64} << 20U;
  return at_posture(std::move(profile), posture());
}

std::string text_of(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::killed:
      return "killed";
    case Verdict::Kind::signalled:
      return "SIG" + std::string(::sigabbrev_np(verdict.value));
    case Verdict::Kind::refused:
      return ::strerrorname_np(verdict.value);
    case Verdict::Kind::succeeded:
      return "succeeds";
    case Verdict::Kind::endless:
      return "runs on";
    case Verdict::Kind::other:
      break;
  }
  return verdict.trouble.empty() ? "exit code " + std::to_string(verdict.value) : verdict.trouble;
}

std::string fault_in(const Act& act, const Verdict& verdict) {
  using Kind = Verdict::Kind;
  std::string fault;
  if (act.end == End::violation && verdict.kind == Kind::killed)
    fault = fault_in_evidence(act.calls.at(0), *verdict.violation);
  else if (act.exempt && verdict.kind != Kind::succeeded)
    fault = text_of(verdict) == "SIGILL" || text_of(verdict) == "ENXIO" ? "" : "not so";
  else if (act.end == End::shortage && verdict.kind == Kind::killed)
    fault = verdict.violation->is_memory_shortage() ? "" : "no shortage of memory";
  else if ((act.end == End::fault || act.may_fault) && verdict.kind == Kind::signalled)
    fault = verdict.value == SIGKILL ? "killed without evidence" : "";
  else if (act.end != End::endless || verdict.kind != Kind::endless)
    fault = "it should have ended otherwise";
  return fault.empty() ? "" : act.name + ": " + text_of(verdict) + ": " + fault;
}

std::vector<Verdict> try_acts(WorkerSpawner& spawner, const Profile& profile,
                              std::span<const Act> acts, Moment moment) {
  std::vector<Verdict> verdicts;
  std::deque<Trial> under_way;
  const auto end_first = [&] {
    verdicts.push_back(under_way.front().end());
    under_way.pop_front();
  };
  for (const Act& act : acts) {
    if (under_way.size() == kAtATime) end_first();
    under_way.emplace_back(spawner, profile, act, moment);
  }
  while (!under_way.empty())
    end_first();
  return verdicts;
}

}  // namespace vedette::testing
