// MonotonicClock: time that never jumps, for deadlines, delays and rates. Tests inject theirs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace vedette::inference::serving {

using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::microseconds;

class MonotonicClock {
 public:
  MonotonicClock() = default;
  MonotonicClock(const MonotonicClock&) = delete;
  MonotonicClock& operator=(const MonotonicClock&) = delete;
  virtual ~MonotonicClock() = default;

  [[nodiscard]] virtual SteadyTime now() const = 0;  // thread-safe
  // Waits for the bell, or until `when` by this clock. May return early: the caller looks again.
  virtual void wait_until(std::condition_variable& bell, std::unique_lock<std::mutex>& lock,
                          SteadyTime when) const = 0;
};

// The operating system's steady clock.
class SystemMonotonicClock final : public MonotonicClock {
 public:
  [[nodiscard]] SteadyTime now() const override;
  void wait_until(std::condition_variable& bell, std::unique_lock<std::mutex>& lock,
                  SteadyTime when) const override;
};

}  // namespace vedette::inference::serving
