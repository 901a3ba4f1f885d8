// Clock: time as an argument, so that no test ever sleeps.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"

namespace vedette {

using Duration = std::chrono::milliseconds;
using TimePoint = std::chrono::sys_time<Duration>;  // UTC, without leap seconds (POSIX time)

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual TimePoint now() const = 0;  // thread-safe
};

// The operating system's wall clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
};

[[nodiscard]] std::int64_t to_unix_seconds(TimePoint time);
[[nodiscard]] TimePoint from_unix_seconds(std::int64_t seconds);

// RFC 3339 in UTC with whole seconds, `2026-11-23T12:53:00Z`; only this form is parsed.
[[nodiscard]] std::string to_rfc3339(TimePoint time);
[[nodiscard]] Result<TimePoint> from_rfc3339(std::string_view text);

}  // namespace vedette
