// The life of one replica: when it is started again, and when never. A table, apart from the
// threads and processes that it governs (model_server.h).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "inference/serving/monotonic_clock.h"

namespace vedette::inference::serving {

enum class HealthState : std::uint8_t {
  starting,     // the factory is at work
  running,      // answers
  backing_off,  // dead; the next start has its time
  quarantined,  // dead for good: only another release helps
};

enum class HealthEvent : std::uint8_t {
  started,
  died,      // deadline, memory, crash; a failed start as well
  due,       // the back-off is over
  violated,  // it, or another replica of its release, did what the cage forbids
  looped,    // its release died too often
};

struct HealthRule {
  HealthState from;
  HealthEvent event;
  HealthState to;
};

// Everything that can happen. There is no way out of quarantine.
inline constexpr std::array kHealthRules = {
    HealthRule{HealthState::starting, HealthEvent::started, HealthState::running},
    HealthRule{HealthState::starting, HealthEvent::died, HealthState::backing_off},
    HealthRule{HealthState::starting, HealthEvent::violated, HealthState::quarantined},
    HealthRule{HealthState::starting, HealthEvent::looped, HealthState::quarantined},
    HealthRule{HealthState::running, HealthEvent::died, HealthState::backing_off},
    HealthRule{HealthState::running, HealthEvent::violated, HealthState::quarantined},
    HealthRule{HealthState::running, HealthEvent::looped, HealthState::quarantined},
    HealthRule{HealthState::backing_off, HealthEvent::due, HealthState::starting},
    HealthRule{HealthState::backing_off, HealthEvent::violated, HealthState::quarantined},
    HealthRule{HealthState::backing_off, HealthEvent::looped, HealthState::quarantined},
};

// The next state; nothing where the table has no such row.
[[nodiscard]] std::optional<HealthState> next_state(HealthState from, HealthEvent event);

[[nodiscard]] std::string_view name_of(HealthState state);

enum class Death : std::uint8_t { deadline, memory, crash, violation };
[[nodiscard]] std::string_view name_of(Death death);

// What a refusal of a replica's start or call says about how it died: SBX-DEADLINE, SBX-MEMORY,
// SBX-SYSCALL-DENIED and SBX-REPLY (violation); anything else is a crash.
[[nodiscard]] Death death_of(const Error& error);

// True for the refusals of a call after which the replica is dead by contract: those four and
// SBX-WORKER-DIED.
[[nodiscard]] bool ends_replica(const Error& error);

struct HealthPolicy {
  std::chrono::milliseconds first_back_off{1'000};  // doubles with each death in a row
  std::chrono::milliseconds last_back_off{60'000};
  std::chrono::milliseconds stable{60'000};   // a life of this length ends the row
  std::size_t max_deaths = 5;                 // this many of one release ...
  std::chrono::milliseconds window{600'000};  // ... within this time are a loop
};

// The pause after the n-th death in a row (from 1): doubled n-1 times, capped, and up to a quarter
// longer by `random`, so that replicas that died together do not come back together.
[[nodiscard]] std::chrono::milliseconds back_off(const HealthPolicy& policy, unsigned deaths_in_row,
                                                 std::uint32_t random);

// The deaths of all replicas of one release, as far back as they count.
class DeathWindow {
 public:
  explicit DeathWindow(const HealthPolicy& policy) : policy_(policy) {}

  // Records one death; true when it makes a loop of them.
  [[nodiscard]] bool record(SteadyTime now);

 private:
  HealthPolicy policy_;
  std::deque<SteadyTime> deaths_;  // at most max_deaths
};

// One replica's state; starts as `starting`. Not thread-safe. An event that the table does not know
// in this state changes nothing.
class ReplicaHealth {
 public:
  explicit ReplicaHealth(const HealthPolicy& policy) : policy_(policy) {}

  void started(SteadyTime now);
  void died(SteadyTime now, std::uint32_t random);
  void due();
  void quarantine(Death why);

  [[nodiscard]] HealthState state() const { return state_; }
  // When the next start has its time; meaningful while backing off.
  [[nodiscard]] SteadyTime due_at() const { return due_at_; }
  [[nodiscard]] unsigned deaths_in_row() const { return deaths_in_row_; }

 private:
  bool step(HealthEvent event);

  HealthPolicy policy_;
  HealthState state_ = HealthState::starting;
  SteadyTime running_since_;
  SteadyTime due_at_;
  unsigned deaths_in_row_ = 0;
};

}  // namespace vedette::inference::serving
