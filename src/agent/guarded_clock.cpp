#include "agent/guarded_clock.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace vedette::agent {

namespace {

struct Row {
  TimeStanding standing;
  TimeWord word;
  TimeStep step;
};

// With this standing, told a time like this  ->  stands so, is set?, is refused?
// There is nothing to be behind of while nothing is known.
constexpr std::array kTable{
    Row{TimeStanding::unknown, TimeWord::ahead, {TimeStanding::told, true, false}},
    Row{TimeStanding::unknown, TimeWord::little_back, {TimeStanding::told, true, false}},
    Row{TimeStanding::unknown, TimeWord::back, {TimeStanding::told, true, false}},
    Row{TimeStanding::floored, TimeWord::ahead, {TimeStanding::told, true, false}},
    Row{TimeStanding::floored, TimeWord::little_back, {TimeStanding::told, false, false}},
    Row{TimeStanding::floored, TimeWord::back, {TimeStanding::floored, false, true}},
    Row{TimeStanding::told, TimeWord::ahead, {TimeStanding::told, true, false}},
    Row{TimeStanding::told, TimeWord::little_back, {TimeStanding::told, false, false}},
    Row{TimeStanding::told, TimeWord::back, {TimeStanding::told, false, true}},
};

TimeWord compare(TimePoint told, TimePoint held) {
  if (told >= held) return TimeWord::ahead;
  return held - told <= kTimeTolerance ? TimeWord::little_back : TimeWord::back;
}

}  // namespace

Duration SystemBootTime::now() const {
  std::timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(time.tv_sec) +
                                              std::chrono::nanoseconds(time.tv_nsec));
}

TimeStep next_time_step(TimeStanding standing, TimeWord word) {
  const auto* const row = std::ranges::find_if(
      kTable, [&](const Row& r) { return r.standing == standing && r.word == word; });
  return row == kTable.end() ? TimeStep{standing, false, true} : row->step;
}

GuardedClock::GuardedClock(const BootTime& boot, const Clock& wall)
    : boot_(boot), time_(wall.now()), then_(boot.now()) {}

TimePoint GuardedClock::at(Duration boot) const {
  return time_ + std::max(boot - then_, Duration::zero());
}

TimePoint GuardedClock::now() const {
  const std::scoped_lock lock(mutex_);
  return at(boot_.now());
}

TimeStanding GuardedClock::standing() const {
  const std::scoped_lock lock(mutex_);
  return standing_;
}

TimePoint GuardedClock::passed() const {
  const std::scoped_lock lock(mutex_);
  return standing_ == TimeStanding::unknown ? TimePoint{} : at(boot_.now());
}

void GuardedClock::raise_to(TimePoint floor) {
  const std::scoped_lock lock(mutex_);
  const Duration boot = boot_.now();
  // The operating system's clock may be ten years ahead: against it nothing is held.
  if (standing_ != TimeStanding::unknown && floor <= at(boot)) return;
  time_ = floor;
  then_ = boot;
  if (standing_ == TimeStanding::unknown) standing_ = TimeStanding::floored;
}

Result<void> GuardedClock::tell(TimePoint told, Duration uncertainty) {
  const std::scoped_lock lock(mutex_);
  const Duration boot = boot_.now();
  const TimePoint held = at(boot);
  const TimePoint latest = told + uncertainty;
  const TimeStep step = next_time_step(standing_, compare(latest, held));
  if (step.refused)
    return refuse("TIME-BACK", "the server tells a time that has passed already",
                  to_rfc3339(latest) + ", and it is " + to_rfc3339(held) + " at least",
                  "is the server's clock right? docs/identity.md says what to do if ours is not");
  if (step.set) {
    time_ = latest;
    then_ = boot;
  }
  standing_ = step.next;
  return {};
}

std::string_view name_of(TimeStanding standing) {
  switch (standing) {
    case TimeStanding::unknown:
      return "unknown";
    case TimeStanding::floored:
      return "at least this";
    case TimeStanding::told:
      return "told by the server";
  }
  return "unknown";
}

}  // namespace vedette::agent
