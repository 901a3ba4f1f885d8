// RefusalTally: which refusals of strangers get a line of their own in the log.
//
// Whoever comes without a certificate can be refused as often as they like, and each line of the
// log is signed, kept for good and handed to everybody who follows it.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.h"

namespace vedette::server {

// Thread-safe.
class RefusalTally {
 public:
  static constexpr std::chrono::seconds kInterval{60};
  static constexpr std::uint64_t kOwnLines = 16;  // in an interval; the rest is counted

  // What had no line of its own in an interval that is over.
  struct Summary {
    std::uint64_t count = 0;
    TimePoint from;
    TimePoint to;
  };

  // Whether this refusal gets a line. At most kOwnLines do in an interval.
  [[nodiscard]] bool has_own_line();
  // What is to be written in one line now: once for each interval, some time after its end.
  [[nodiscard]] std::optional<Summary> due(TimePoint now);

 private:
  std::mutex mutex_;  // guards what follows
  TimePoint from_;
  std::uint64_t lines_ = 0;
  std::uint64_t counted_ = 0;
};

}  // namespace vedette::server
