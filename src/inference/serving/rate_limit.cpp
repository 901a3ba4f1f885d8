#include "inference/serving/rate_limit.h"

#include <algorithm>

#include "inference/serving/retry_after.h"

namespace vedette::inference::serving {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds_of(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

// The interval is rounded up: never more than the rate, whatever it divides to.
RateLimit::RateLimit(Rate rate, const MonotonicClock& clock)
    : interval_(rate.per_second == 0 ? 0 : (kSecond + rate.per_second - 1) / rate.per_second),
      tolerance_(interval_ * (std::int64_t{std::max(rate.burst, 1U)} - 1)),
      clock_(clock),
      full_at_(nanoseconds_of(clock.now())) {}

Result<void> RateLimit::admit() {
  if (interval_ == 0)
    return refuse("SRV-RATE", "no requests are admitted", "the rate is 0 per second",
                  "the runtime contract of the release sets the rate");
  const std::int64_t now = nanoseconds_of(clock_.now());
  std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t wait = full_at - now - tolerance_;
    if (wait > 0)
      return refuse_for("SRV-RATE", "requests come too fast", std::chrono::nanoseconds{wait},
                        "the runtime contract of the release sets the rate");
    const std::int64_t next = std::max(full_at, now) + interval_;
    if (full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return {};
  }
}

}  // namespace vedette::inference::serving
