#include "inference/serving/replica_health.h"

#include <algorithm>

namespace vedette::inference::serving {

namespace {

using std::chrono::milliseconds;

struct DeathCode {
  std::string_view code;
  Death death;
};

constexpr std::array kDeathCodes = {
    DeathCode{"SBX-DEADLINE", Death::deadline}, DeathCode{"SBX-MEMORY", Death::memory},
    DeathCode{"SBX-WORKER-DIED", Death::crash}, DeathCode{"SBX-SYSCALL-DENIED", Death::violation},
    DeathCode{"SBX-REPLY", Death::violation},
};

}  // namespace

std::optional<HealthState> next_state(HealthState from, HealthEvent event) {
  for (const HealthRule& rule : kHealthRules)
    if (rule.from == from && rule.event == event) return rule.to;
  return std::nullopt;
}

std::string_view name_of(HealthState state) {
  switch (state) {
    case HealthState::starting:
      return "starting";
    case HealthState::running:
      return "running";
    case HealthState::backing_off:
      return "backing-off";
    case HealthState::quarantined:
      return "quarantined";
  }
  return "unknown";
}

std::string_view name_of(Death death) {
  switch (death) {
    case Death::deadline:
      return "deadline";
    case Death::memory:
      return "memory";
    case Death::crash:
      return "crash";
    case Death::violation:
      return "violation";
  }
  return "unknown";
}

Death death_of(const Error& error) {
  const auto* const row = std::ranges::find(kDeathCodes, error.code, &DeathCode::code);
  return row == kDeathCodes.end() ? Death::crash : row->death;
}

bool ends_replica(const Error& error) {
  return std::ranges::find(kDeathCodes, error.code, &DeathCode::code) != kDeathCodes.end();
}

milliseconds back_off(const HealthPolicy& policy, unsigned deaths_in_row, std::uint32_t random) {
  milliseconds pause = std::min(policy.first_back_off, policy.last_back_off);
  for (unsigned i = 1; i < deaths_in_row && pause < policy.last_back_off; ++i)
    pause = std::min(pause * 2, policy.last_back_off);
  return pause + milliseconds{static_cast<milliseconds::rep>(random) % (pause.count() / 4 + 1)};
}

bool DeathWindow::record(SteadyTime now) {
  while (!deaths_.empty() && now - deaths_.front() >= policy_.window)
    deaths_.pop_front();
  deaths_.push_back(now);
  if (deaths_.size() < policy_.max_deaths) return false;
  deaths_.pop_front();
  return true;
}

bool ReplicaHealth::step(HealthEvent event) {
  const auto next = next_state(state_, event);
  if (next) state_ = *next;
  return next.has_value();
}

void ReplicaHealth::started(SteadyTime now) {
  if (step(HealthEvent::started)) running_since_ = now;
}

void ReplicaHealth::died(SteadyTime now, std::uint32_t random) {
  const bool was_stable = state_ == HealthState::running && now - running_since_ >= policy_.stable;
  if (!step(HealthEvent::died)) return;
  deaths_in_row_ = was_stable ? 1 : deaths_in_row_ + 1;
  due_at_ = now + back_off(policy_, deaths_in_row_, random);
}

void ReplicaHealth::due() {
  (void)step(HealthEvent::due);
}

void ReplicaHealth::quarantine(Death why) {
  (void)step(why == Death::violation ? HealthEvent::violated : HealthEvent::looped);
}

}  // namespace vedette::inference::serving
