#include "inference/host/worker_calls.h"

#include <algorithm>
#include <csignal>

namespace vedette::inference {

namespace {

using channel::HostEnd;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A waiting call looks this often by itself, whatever the worker does with its bells.
constexpr microseconds kLook = milliseconds(10);
constexpr microseconds kLongestDeadline = std::chrono::hours(1);
// Between a kill and the report of its end.
constexpr std::chrono::seconds kBurial{5};

Error death_of(const std::optional<Violation>& violation, const std::optional<Ending>& ending) {
  if (violation && violation->is_memory_shortage())
    return {"SBX-MEMORY", "the worker used up its memory and was killed", describe(*violation),
            "raise the model's memory ceiling, or ask for less at once"};
  if (violation)
    return {"SBX-SYSCALL-DENIED", "the worker tried a system call that its cage forbids",
            describe(*violation), "treat the model as hostile; do not start it again"};
  return {"SBX-WORKER-DIED", "the worker died", ending ? describe(*ending) : "", "start a new one"};
}

}  // namespace

// The right to one slot, from posting to taking.
class WorkerProcess::Calls::Turn {
 public:
  Turn(Calls& calls, std::uint32_t number) : calls_(calls), number_(number) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    {
      const std::scoped_lock lock(calls_.mutex_);
      calls_.busy_[number_ % calls_.busy_.size()] = false;
    }
    calls_.slot_freed_.notify_one();
  }

 private:
  Calls& calls_;
  std::uint32_t number_;
};

WorkerProcess::Calls::Calls(std::unique_ptr<HostEnd> channel,
                            std::function<void(const Error&)> on_malformed_reply)
    : channel_(std::move(channel)),
      on_malformed_reply_(std::move(on_malformed_reply)),
      busy_(channel_->shape().slots) {}

void WorkerProcess::Calls::wake() {
  channel_->wake_waiters();
  slot_freed_.notify_all();
}

Result<void> WorkerProcess::Calls::load(steady_clock::time_point until) {
  VEDETTE_CHECK(life_->wait_caged(until));
  for (;;) {
    const bool over = life_->is_over();
    if (channel_->wait_loaded(kLook) == HostEnd::Wait::answered) break;
    if (over) return std::unexpected(bury());
    if (steady_clock::now() >= until)
      return std::unexpected(condemn(
          {"SBX-DEADLINE", "the model was not loaded in time and its worker was killed", "", ""}));
  }
  auto answer = channel_->take_loaded();
  if (!answer) return std::unexpected(condemn(answer.error()));
  if (const auto* refusal = std::get_if<channel::Refusal>(&*answer)) {
    // The code may only be the runtime's; the words are not trusted beyond being shown.
    return refuse("INF-LOAD", refusal->message);
  }
  metadata_ = std::get<ModelMetadata>(*std::move(answer));
  return {};
}

Result<void> WorkerProcess::Calls::call(std::span<const TensorView> inputs, microseconds deadline,
                                        channel::Reply& into) {
  std::unique_lock lock(mutex_);
  while (!cause_ && busy_[next_ % busy_.size()])
    slot_freed_.wait(lock);
  if (cause_) return refuse_dead();
  VEDETTE_TRY(const std::uint32_t number, channel_->post(metadata_, inputs));
  busy_[number % busy_.size()] = true;
  next_ = number + 1;
  lock.unlock();
  const Turn turn(*this, number);
  VEDETTE_CHECK(await(number, deadline));
  const auto taken = channel_->take(number, metadata_, into);
  if (!taken) return std::unexpected(condemn(taken.error()));
  // A worker may answer this call while another finds it lying: the signal that stops it is not
  // there at once, and its forks do not hear it.
  if (condemned_.load(std::memory_order_acquire)) {
    const std::scoped_lock again(mutex_);  // given back before the turn ends, which takes it, too
    return refuse_dead();
  }
  if (!into.refused) return {};
  const bool isolated = into.refusal.code == "INF-ISOLATION";
  return refuse(isolated ? "INF-ISOLATION" : "INF-MODEL",
                isolated ? "the model failed on this input" : "the model refused this input",
                into.refusal.message);
}

// The clock of a call starts when the one before it is answered; until then, that one's runs.
Result<void> WorkerProcess::Calls::await(std::uint32_t number, microseconds deadline) {
  std::optional<steady_clock::time_point> until;
  for (;;) {
    const auto now = steady_clock::now();
    if (!until && channel_->wait(number - 1, microseconds(0)) == HostEnd::Wait::answered)
      until = now + std::min(deadline, kLongestDeadline);
    const auto left = until ? std::chrono::ceil<microseconds>(*until - now) : kLook;
    const bool over = life_->is_over();  // before the look: last words may come before an end
    switch (channel_->wait(number, std::clamp(left, microseconds(0), kLook))) {
      case HostEnd::Wait::answered:
        return {};
      case HostEnd::Wait::not_yet:
        break;
      case HostEnd::Wait::nonsense:
        return std::unexpected(condemn({"SBX-REPLY", "the worker answered what was not asked", "",
                                        "the worker is not to be trusted; start a new one"}));
    }
    if (over) return std::unexpected(bury());
    if (left <= microseconds(0))
      return std::unexpected(
          condemn({"SBX-DEADLINE", "the worker did not answer in time and was killed",
                   std::to_string(deadline.count()) + " us", ""}));
  }
}

Error WorkerProcess::Calls::condemn(Error reason) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    first = !cause_;
    if (first) cause_ = std::move(reason);
    condemned_.store(true, std::memory_order_release);
    reason = *cause_;
  }
  if (first && reason.code == "SBX-REPLY" && on_malformed_reply_) {
    life_->freeze();
    on_malformed_reply_(reason);
  }
  life_->kill();
  wake();
  return reason;
}

std::unexpected<Error> WorkerProcess::Calls::refuse_dead() const {
  return refuse("SBX-WORKER-DIED", "the worker is dead", cause_->code + ": " + cause_->message,
                "start a new one");
}

Error WorkerProcess::Calls::bury() {
  const auto until = steady_clock::now() + kBurial;
  const auto ending = life_->wait_ended(until);
  return condemn(death_of(life_->violation(), ending));
}

}  // namespace vedette::inference
