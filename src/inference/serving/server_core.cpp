#include "inference/serving/server_core.h"

#include <algorithm>

namespace vedette::inference::serving {

namespace {

std::unexpected<Error> too_late(std::string_view where) {
  return refuse("SRV-DEADLINE", "the deadline of the call has passed", std::string(where),
                "allow more time, or ask less often");
}

}  // namespace

std::optional<Error> death_in(const Answer& answer, Replica& replica) {
  if (answer || answer.error().code.starts_with("INF-")) return std::nullopt;
  if (!ends_replica(answer.error()) && replica.alive()) return std::nullopt;
  return answer.error();
}

class ServerCore::Lease {
 public:
  Lease(ServerCore& core, Slot& slot) : core_(core), slot_(slot) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (finished_) return;
    Aftermath after;
    {
      const std::scoped_lock lock(core_.mutex_);
      core_.finish_locked(slot_, Error{"SBX-WORKER-DIED", "a call ended by an exception", "", ""},
                          core_.clock_.now(), after);
    }
    core_.carry_out(std::move(after));
  }

  void finish_locked(const std::optional<Error>& death, SteadyTime now, Aftermath& after) {
    finished_ = true;
    core_.finish_locked(slot_, death, now, after);
  }

 private:
  ServerCore& core_;
  Slot& slot_;
  bool finished_ = false;
};

ServerCore::ServerCore(ServerSettings settings, ServerParts parts)
    : settings_(settings),
      parts_(std::move(parts)),
      clock_(parts_.clock),
      queue_(settings.max_waiting, {}),
      deaths_(settings.health),
      jitter_(std::random_device{}()) {}

SteadyTime ServerCore::deadline_of(SteadyTime arrived, microseconds deadline) const {
  return arrived + std::min(deadline, settings_.max_deadline);
}

microseconds ServerCore::patience(SteadyTime deadline, SteadyTime now) const {
  return std::max(std::chrono::duration_cast<microseconds>(deadline - now), settings_.min_patience);
}

Answer ServerCore::infer(Inputs inputs, microseconds deadline) {
  const SteadyTime arrived = clock_.now();
  const SteadyTime until = deadline_of(arrived, deadline);
  Lock lock(mutex_);
  // With a delay to wait for company even an idle replica is not taken directly.
  if (!idle_.empty() && settings_.max_delay.count() == 0 && until > arrived) {
    Slot& slot = *idle_.back();
    idle_.pop_back();
    slot.use = Use::leased;
    lock.unlock();
    return infer_leased(slot, inputs, arrived, until);
  }
  const auto call = std::make_shared<Call>();
  call->inputs = inputs;
  call->arrived = arrived;
  call->deadline = until;
  Aftermath after;
  auto refusal = enqueue_locked(call, after);
  if (!after.empty()) {
    lock.unlock();
    carry_out(std::move(after));
    lock.lock();
  }
  if (refusal) return std::unexpected(*std::move(refusal));
  return wait_for_answer(lock, *call);
}

Answer ServerCore::infer_leased(Slot& slot, Inputs inputs, SteadyTime arrived,
                                SteadyTime deadline) {
  Lease lease(*this, slot);
  Answer answer = slot.replica->infer(inputs, patience(deadline, arrived));
  const auto death = death_in(answer, *slot.replica);
  const SteadyTime now = clock_.now();
  Aftermath after;
  {
    const std::scoped_lock lock(mutex_);
    answer = judged_locked(std::move(answer), deadline, now);
    count_locked(answer, now - arrived);
    stats_.batches.record(1);
    lease.finish_locked(death, now, after);
  }
  carry_out(std::move(after));
  return answer;
}

Answer ServerCore::wait_for_answer(Lock& lock, Call& call) {
  while (call.state != Call::State::done) {
    // Once it runs, the worker reads this caller's tensors: it must be waited for.
    if (call.state == Call::State::running) {
      call.bell.wait(lock);
    } else if (clock_.now() < call.deadline) {
      clock_.wait_until(call.bell, lock, call.deadline);
    } else {
      queue_.remove(call);
      Answer answer = too_late("it waited for a replica");
      count_locked(answer, {});
      return answer;
    }
  }
  return *std::move(call.answer);
}

std::shared_ptr<Call> ServerCore::post(std::vector<Tensor> inputs, microseconds deadline,
                                       Callback callback) {
  auto call = std::make_shared<Call>();
  call->owned = std::move(inputs);
  call->views = views_of(call->owned);
  call->inputs = call->views;
  call->callback = std::move(callback);
  call->arrived = clock_.now();
  call->deadline = deadline_of(call->arrived, deadline);
  Aftermath after;
  {
    const std::scoped_lock lock(mutex_);
    if (auto refusal = enqueue_locked(call, after)) {
      call->state = Call::State::done;
      after.answers.emplace_back(std::move(call->callback), std::unexpected(*std::move(refusal)));
    }
  }
  carry_out(std::move(after));
  return call;
}

bool ServerCore::cancel(Call& call) {
  Aftermath after;
  {
    const std::scoped_lock lock(mutex_);
    if (call.state == Call::State::done) return false;
    queue_.remove(call);
    settle_locked(call, refuse("SRV-CANCELLED", "the call was cancelled by its caller"),
                  clock_.now(), after);
  }
  carry_out(std::move(after));
  return true;
}

void ServerCore::close(Error reason) {
  Aftermath after;
  {
    const std::scoped_lock lock(mutex_);
    close_locked(std::move(reason), clock_.now(), after);
  }
  carry_out(std::move(after));
}

// Counts its refusals itself.
std::optional<Error> ServerCore::enqueue_locked(const std::shared_ptr<Call>& call,
                                                Aftermath& after) {
  auto refusal = unavailable_locked(call->arrived);
  if (!refusal && call->deadline <= call->arrived)
    refusal = too_late("it came without any time").error();
  if (!refusal) {
    refuse_expired_locked(call->arrived, after);
    if (!queue_.push(call))
      refusal = refuse("SRV-QUEUE-FULL", "too many calls wait for this model",
                       std::to_string(queue_.size()) + " wait", "ask again later, or less often")
                    .error();
  }
  if (refusal)
    count_locked(std::unexpected(*refusal), {});
  else
    wake_a_replica_locked();
  return refusal;
}

void ServerCore::wake_a_replica_locked() {
  const auto collecting = std::ranges::find_if(slots_, &Slot::collecting);
  if (collecting != slots_.end()) {
    collecting->bell.notify_one();
  } else if (!idle_.empty()) {
    Slot& slot = *idle_.back();
    idle_.pop_back();
    slot.use = Use::serving;
    slot.bell.notify_one();
  }
}

Answer ServerCore::judged_locked(Answer answer, SteadyTime deadline, SteadyTime now) const {
  if (closed_) return std::unexpected(*closed_);
  if (answer && now > deadline) return too_late("its answer came too late");
  return answer;
}

void ServerCore::count_locked(const Answer& answer, SteadyTime::duration latency) {
  const Outcome outcome = answer ? Outcome::answered : outcome_of(answer.error().code);
  ++stats_.calls.at(static_cast<std::size_t>(outcome));
  if (!answer) return;
  const auto elapsed = std::chrono::duration_cast<microseconds>(latency).count();
  stats_.latency.record(static_cast<std::uint64_t>(std::max<microseconds::rep>(elapsed, 0)));
}

void ServerCore::settle_locked(Call& call, Answer answer, SteadyTime now, Aftermath& after) {
  if (call.state == Call::State::done) return;  // cancelled meanwhile
  count_locked(answer, now - call.arrived);
  call.state = Call::State::done;
  if (call.callback) {
    after.answers.emplace_back(std::move(call.callback), std::move(answer));
  } else {
    call.answer = std::move(answer);
    call.bell.notify_one();
  }
}

void ServerCore::refuse_expired_locked(SteadyTime now, Aftermath& after) {
  for (const auto& call : queue_.take_expired(now))
    settle_locked(*call, too_late("it waited for a replica"), now, after);
}

void ServerCore::refuse_all_locked(const Error& reason, SteadyTime now, Aftermath& after) {
  for (const auto& call : queue_.take_all())
    settle_locked(*call, std::unexpected(reason), now, after);
}

// By value: callbacks and replicas are destroyed before the lock is taken again.
void ServerCore::carry_out(Aftermath after) {
  for (const auto& replica : after.kills)
    replica->kill();
  for (auto& [callback, answer] : after.answers)
    callback(std::move(answer));
  if (after.quarantine && parts_.on_quarantine) parts_.on_quarantine(*after.quarantine);
}

bool ServerCore::ready() const {
  const std::scoped_lock lock(mutex_);
  return !unavailable_locked(clock_.now());
}

ServingStats ServerCore::stats() const {
  const std::scoped_lock lock(mutex_);
  ServingStats stats = stats_;
  stats.queue_depth = queue_.size();
  for (const Slot& slot : slots_) {
    stats.running += slot.use == Use::leased || slot.use == Use::serving ? 1U : 0U;
    stats.replicas.push_back(
        {.state = slot.health.state(), .deaths_in_row = slot.health.deaths_in_row()});
  }
  return stats;
}

}  // namespace vedette::inference::serving
