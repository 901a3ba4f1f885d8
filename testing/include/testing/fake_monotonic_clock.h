// FakeMonotonicClock: monotonic time that moves when the test says so.
#pragma once

#include <atomic>

#include "inference/serving/monotonic_clock.h"

namespace vedette::inference::serving {

// Thread-safe. A waiter looks at the time again every millisecond, so that advance() needs to know
// nobody's lock.
class FakeMonotonicClock final : public MonotonicClock {
 public:
  [[nodiscard]] SteadyTime now() const override {
    return SteadyTime{std::chrono::nanoseconds{nanoseconds_}};
  }
  void wait_until(std::condition_variable& bell, std::unique_lock<std::mutex>& lock,
                  SteadyTime when) const override {
    if (now() < when) bell.wait_for(lock, std::chrono::milliseconds{1});
  }
  void advance(std::chrono::nanoseconds by) { nanoseconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> nanoseconds_{1'000'000'000'000};
};

}  // namespace vedette::inference::serving
