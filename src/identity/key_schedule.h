// KeySchedule: which of several signing keys signs, which are published, which are believed no
// more. Pure: the times at which keys begin, the rules and a time come in.
//
//          published          signs              kept
//   made ────────────▶ begins ─────▶ its successor begins ─────▶ stale, removed
//   next  (lead)       current  (period)   former  (keep)
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"

namespace vedette::identity {

struct KeyTerms {
  Duration period = std::chrono::hours(24);
  Duration lead = std::chrono::hours(1);  // at most half a period: for who keeps the set of keys
  // The longest life of anything that a key signs, and the skew of clocks.
  Duration keep = std::chrono::minutes(61);
};

enum class KeyStage : std::uint8_t { next, current, former, stale };

// `begins` ascend. The key at `index` as it is at `now`. A key whose beginning lies further ahead
// than any is made was made by a wrong clock, and is stale.
[[nodiscard]] KeyStage stage_of(std::span<const TimePoint> begins, std::size_t index,
                                const KeyTerms& terms, TimePoint now);
// When a key that is current or former is believed no more; none while nothing follows it.
[[nodiscard]] std::optional<TimePoint> end_of(std::span<const TimePoint> begins, std::size_t index,
                                              const KeyTerms& terms, TimePoint now);
// When a key that is to be made now begins; none while there are enough.
[[nodiscard]] std::optional<TimePoint> key_to_make(std::span<const TimePoint> begins,
                                                   const KeyTerms& terms, TimePoint now);

}  // namespace vedette::identity
