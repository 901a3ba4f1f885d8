// RateLimit: a token bucket.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/error.h"
#include "inference/serving/monotonic_clock.h"

namespace vedette::inference::serving {

struct Rate {
  std::uint32_t per_second = 0;  // tokens that flow back; 0: nothing is ever admitted
  std::uint32_t burst = 1;       // tokens that a rested bucket holds; at least 1
};

// One bucket, full at first. Thread-safe, eight bytes of state, no lock.
//
// Kept as the generic cell rate algorithm does: not a number of tokens that somebody must refill,
// but the time at which the bucket will be full again.
class RateLimit {
 public:
  RateLimit(Rate rate, const MonotonicClock& clock);

  // Takes one token. Refuses SRV-RATE; retry_after() of the refusal is the time until the next
  // token, and nothing is taken.
  [[nodiscard]] Result<void> admit();

 private:
  std::int64_t interval_;   // ns between two tokens; 0: closed
  std::int64_t tolerance_;  // ns that the bucket may be short of full and still give
  const MonotonicClock& clock_;
  std::atomic<std::int64_t> full_at_;  // ns of the monotonic clock
};

}  // namespace vedette::inference::serving
