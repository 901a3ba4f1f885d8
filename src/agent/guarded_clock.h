// GuardedClock: the device's time, which nobody who sets the operating system's clock can move.
//
// It runs by the time since boot, sleep included, from a time that the server has signed; the
// operating system's clock is looked at once, at start, and believed by nobody. A floor that was
// kept over restarts says what time it is at least.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace vedette::agent {

// Milliseconds since boot, sleep included: never goes back, nobody sets it.
class BootTime {
 public:
  BootTime() = default;
  BootTime(const BootTime&) = delete;
  BootTime& operator=(const BootTime&) = delete;
  virtual ~BootTime() = default;

  [[nodiscard]] virtual Duration now() const = 0;  // thread-safe
};

// CLOCK_BOOTTIME.
class SystemBootTime final : public BootTime {
 public:
  [[nodiscard]] Duration now() const override;
};

// What is known of the time.
enum class TimeStanding : std::uint8_t {
  unknown,  // nothing was ever signed: the operating system's word, for messages alone
  floored,  // it is this or later
  told,     // the server has signed it since this boot
};

// How a time that the server told compares with what the clock holds.
enum class TimeWord : std::uint8_t {
  ahead,        // of the clock, or equal
  little_back,  // by no more than kTimeTolerance
  back,         // by more
};
inline constexpr Duration kTimeTolerance = std::chrono::seconds(60);

struct TimeStep {
  TimeStanding next;
  bool set;      // the clock goes to what was told; else it stays where it is
  bool refused;  // TIME-BACK
};
// Total. The clock is never set back: a lease that ended would begin again.
[[nodiscard]] TimeStep next_time_step(TimeStanding standing, TimeWord word);

// Thread-safe.
class GuardedClock final : public Clock {
 public:
  // `wall` is read once. Both outlive this.
  GuardedClock(const BootTime& boot, const Clock& wall);

  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] TimeStanding standing() const;

  // A time that has passed, by the server's word alone: now, or the beginning of all time while
  // nothing was ever signed.
  [[nodiscard]] TimePoint passed() const;

  // A time that has passed for certain: before the first word of the server.
  void raise_to(TimePoint floor);
  // What the server told, as of the answer: it is that now, or up to `uncertainty` later. The clock
  // goes to the later end, so that leases end too early rather than too late. Refuses TIME-BACK.
  [[nodiscard]] Result<void> tell(TimePoint told, Duration uncertainty);

 private:
  [[nodiscard]] TimePoint at(Duration boot) const;

  const BootTime& boot_;
  mutable std::mutex mutex_;  // guards what follows
  TimePoint time_;            // it was this
  Duration then_;             // at this time since boot
  TimeStanding standing_ = TimeStanding::unknown;
};

[[nodiscard]] std::string_view name_of(TimeStanding standing);

}  // namespace vedette::agent
