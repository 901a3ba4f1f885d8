#include <algorithm>

#include "inference/serving/retry_after.h"
#include "inference/serving/server_core.h"

namespace vedette::inference::serving {

namespace {

Error quarantine_error(const std::string& cause) {
  return {"SRV-QUARANTINED", "the release is quarantined on this device", cause,
          "publish a new release of the model"};
}

}  // namespace

Result<void> ServerCore::launch() {
  Lock lock(mutex_);
  if (parts_.quarantined) {
    closed_ = quarantine_error(describe(*parts_.quarantined));
    return {};
  }
  for (std::size_t i = 0; i < settings_.replicas; ++i) {
    Slot& slot = slots_.emplace_back(settings_.health);
    slot.thread = std::thread([this, &slot] { run(slot); });
  }
  first_starts_.wait(lock, [this] {
    return std::ranges::all_of(slots_,
                               [](const Slot& slot) { return slot.first_start.has_value(); });
  });
  for (const Slot& slot : slots_)
    VEDETTE_CHECK(*slot.first_start);
  return {};
}

void ServerCore::join() {
  for (Slot& slot : slots_)
    if (slot.thread.joinable()) slot.thread.join();
}

void ServerCore::run(Slot& slot) {
  Lock lock(mutex_);
  while (!closed_) {
    if (slot.use == Use::down)
      raise_locked(slot, lock);
    else if (slot.use == Use::serving)
      serve_locked(slot, lock);
    else
      rest_locked(slot, lock);
  }
  slot.bell.wait(lock, [&slot] { return slot.use != Use::leased; });
  slot.use = Use::down;
  const auto last = std::move(slot.replica);
  lock.unlock();  // before the replica is reaped
}

// Buries the dead replica, or waits out the back-off, or starts the next.
void ServerCore::raise_locked(Slot& slot, Lock& lock) {
  if (slot.replica) {
    auto dead = std::move(slot.replica);
    lock.unlock();
    dead->kill();
    dead.reset();
    lock.lock();
  } else if (slot.health.state() == HealthState::backing_off &&
             clock_.now() < slot.health.due_at()) {
    clock_.wait_until(slot.bell, lock, slot.health.due_at());
  } else {
    slot.health.due();
    start_locked(slot, lock);
  }
}

void ServerCore::start_locked(Slot& slot, Lock& lock) {
  lock.unlock();
  auto made = parts_.factory();
  lock.lock();
  Aftermath after;
  const bool first = !slot.first_start;
  if (first) slot.first_start = made ? Result<void>{} : std::unexpected(made.error());
  std::unique_ptr<Replica> unwanted;
  if (closed_ && made)
    unwanted = *std::move(made);
  else
    adopt_locked(slot, std::move(made), after);
  if (first) first_starts_.notify_all();
  lock.unlock();
  carry_out(std::move(after));
  unwanted.reset();
  lock.lock();
}

// A replica that declares another model than the first one is not of this release: it lies.
void ServerCore::adopt_locked(Slot& slot, Result<std::unique_ptr<Replica>> made, Aftermath& after) {
  const SteadyTime now = clock_.now();
  if (closed_) return;
  if (made && !metadata_known_) {
    metadata_ = (*made)->metadata();
    metadata_known_ = true;
    queue_.set_rule(batch_rule(metadata_, settings_.batch));
  }
  if (!made) return bury_locked(slot, made.error(), now, after);
  slot.replica = *std::move(made);
  if (slot.replica->metadata() != metadata_)
    return bury_locked(
        slot, Error{"SBX-REPLY", "a replica declares another model than its release has", "", ""},
        now, after);
  slot.health.started(now);
  slot.probe_at = now + settings_.probe_interval;
  release_locked(slot);
}

void ServerCore::release_locked(Slot& slot) {
  if (queue_.empty()) {
    slot.use = Use::idle;
    idle_.push_back(&slot);
  } else {
    slot.use = Use::serving;
    slot.bell.notify_one();
  }
}

void ServerCore::rest_locked(Slot& slot, Lock& lock) {
  const SteadyTime now = clock_.now();
  if (now < slot.probe_at)
    clock_.wait_until(slot.bell, lock, slot.probe_at);
  else if (slot.use == Use::idle)
    probe_locked(slot, lock);
  else
    slot.probe_at = now + settings_.probe_interval;  // leased: its caller will see
}

void ServerCore::probe_locked(Slot& slot, Lock& lock) {
  std::erase(idle_, &slot);
  slot.use = Use::probing;
  lock.unlock();
  const bool alive = slot.replica->alive();
  lock.lock();
  Aftermath after;
  const SteadyTime now = clock_.now();
  slot.probe_at = now + settings_.probe_interval;
  std::optional<Error> death;
  if (!alive) death = Error{"SBX-WORKER-DIED", "a worker ended while it was idle", "", ""};
  finish_locked(slot, death, now, after);
  lock.unlock();
  carry_out(std::move(after));
  lock.lock();
}

// One step: waits for company, or works one batch off.
void ServerCore::serve_locked(Slot& slot, Lock& lock) {
  Aftermath after;
  const SteadyTime now = clock_.now();
  refuse_expired_locked(now, after);
  const auto until = queue_.company_until(settings_.max_delay);
  if (until && *until > now) {
    slot.collecting = true;
    if (after.empty()) clock_.wait_until(slot.bell, lock, *until);
    slot.collecting = false;
  } else if (const auto batch = queue_.take_batch(); !batch.empty()) {
    compute_locked(slot, batch, lock, after);
  } else {
    release_locked(slot);
  }
  lock.unlock();
  carry_out(std::move(after));
  lock.lock();
}

void ServerCore::compute_locked(Slot& slot, const RequestQueue::Items& batch, Lock& lock,
                                Aftermath& after) {
  for (const auto& call : batch)
    call->state = Call::State::running;
  stats_.batches.record(batch.size());
  lock.unlock();
  std::vector<Answer> answers = ask(*slot.replica, batch);
  // The last call was the one that ended it, if any did.
  const auto death = death_in(answers.back(), *slot.replica);
  const SteadyTime now = clock_.now();
  lock.lock();
  for (std::size_t i = 0; i < batch.size(); ++i)
    settle_locked(*batch[i], judged_locked(std::move(answers[i]), batch[i]->deadline, now), now,
                  after);
  finish_locked(slot, death, now, after);
}

std::vector<Answer> ServerCore::ask(Replica& replica, const RequestQueue::Items& batch) const {
  if (batch.size() == 1) return ask_each(replica, batch);
  std::vector<Inputs> inputs;
  std::vector<std::int64_t> rows;
  SteadyTime deadline = batch.front()->deadline;
  for (const auto& call : batch) {
    inputs.push_back(call->inputs);
    rows.push_back(batch_size(call->inputs).rows);
    deadline = std::max(deadline, call->deadline);
  }
  const auto joined = serving::join(inputs);
  const auto whole = replica.infer(views_of(joined), patience(deadline, clock_.now()));
  // One member's bad values must not cost the others their answers.
  if (!whole && !death_in(whole, replica)) return ask_each(replica, batch);
  if (!whole) return std::vector<Answer>(batch.size(), std::unexpected(whole.error()));
  auto parts = split(*whole, rows);
  if (!parts) return std::vector<Answer>(batch.size(), std::unexpected(parts.error()));
  return {std::make_move_iterator(parts->begin()), std::make_move_iterator(parts->end())};
}

std::vector<Answer> ServerCore::ask_each(Replica& replica, const RequestQueue::Items& batch) const {
  std::vector<Answer> answers;
  answers.reserve(batch.size());
  for (const auto& call : batch) {
    answers.push_back(replica.infer(call->inputs, patience(call->deadline, clock_.now())));
    if (death_in(answers.back(), replica)) break;
  }
  answers.resize(batch.size(), answers.back());
  return answers;
}

void ServerCore::finish_locked(Slot& slot, const std::optional<Error>& death, SteadyTime now,
                               Aftermath& after) {
  if (closed_) {
    slot.use = Use::down;
    slot.bell.notify_one();
  } else if (death) {
    bury_locked(slot, *death, now, after);
  } else {
    release_locked(slot);
  }
}

void ServerCore::bury_locked(Slot& slot, const Error& cause, SteadyTime now, Aftermath& after) {
  const Death death = death_of(cause);
  ++stats_.deaths.at(static_cast<std::size_t>(death));
  slot.use = Use::down;
  const bool looped = deaths_.record(now);
  if (death == Death::violation || looped) {
    quarantine_locked(death, cause, now, after);
    return;
  }
  slot.health.died(now, static_cast<std::uint32_t>(jitter_()));
  slot.bell.notify_one();
  if (const auto reason = unavailable_locked(now)) refuse_all_locked(*reason, now, after);
}

// What one replica of a release did, every other would do.
void ServerCore::quarantine_locked(Death why, const Error& cause, SteadyTime now,
                                   Aftermath& after) {
  for (Slot& slot : slots_)
    slot.health.quarantine(why);
  const std::string what =
      why == Death::violation ? describe(cause) : "it died too often, at last: " + describe(cause);
  after.quarantine = quarantine_error(what);
  close_locked(*after.quarantine, now, after);
}

void ServerCore::close_locked(Error reason, SteadyTime now, Aftermath& after) {
  if (closed_) return;
  closed_ = std::move(reason);
  idle_.clear();
  for (Slot& slot : slots_) {
    if (slot.replica) after.kills.push_back(slot.replica);
    if (slot.use == Use::idle) slot.use = Use::down;
    slot.bell.notify_all();
  }
  refuse_all_locked(*closed_, now, after);
}

std::optional<Error> ServerCore::unavailable_locked(SteadyTime now) const {
  if (closed_) return closed_;
  auto next = SteadyTime::max();
  for (const Slot& slot : slots_) {
    if (slot.use != Use::down) return std::nullopt;
    next = std::min(next,
                    slot.health.state() == HealthState::backing_off ? slot.health.due_at() : now);
  }
  return refuse_for("SRV-RESTARTING", "the model's workers are being restarted", next - now,
                    "see the status for why they ended")
      .error();
}

}  // namespace vedette::inference::serving
