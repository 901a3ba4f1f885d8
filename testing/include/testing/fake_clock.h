// FakeClock: time that moves when the test says so.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace vedette {

// Starts at 2026-11-23T12:00:00Z. Thread-safe.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return TimePoint{Duration{milliseconds_}}; }
  void advance(Duration by) { milliseconds_ += by.count(); }
  void set(TimePoint to) { milliseconds_ = to.time_since_epoch().count(); }

 private:
  std::atomic<Duration::rep> milliseconds_{1'795'435'200'000};
};

}  // namespace vedette
