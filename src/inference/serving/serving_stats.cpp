#include "inference/serving/serving_stats.h"

#include <algorithm>

namespace vedette::inference::serving {

namespace {

struct OutcomeCode {
  std::string_view prefix;
  Outcome outcome;
};

// The first that fits.
constexpr std::array kOutcomeCodes = {
    OutcomeCode{"SRV-DEADLINE", Outcome::late},
    OutcomeCode{"SBX-DEADLINE", Outcome::late},
    OutcomeCode{"SRV-QUEUE-FULL", Outcome::queue_full},
    OutcomeCode{"SRV-CANCELLED", Outcome::cancelled},
    OutcomeCode{"SRV-BATCH", Outcome::refused},
    OutcomeCode{"SRV-", Outcome::unavailable},
    OutcomeCode{"SBX-REQUEST-SIZE", Outcome::refused},
    OutcomeCode{"SBX-", Outcome::died},
};

}  // namespace

Outcome outcome_of(std::string_view code) {
  for (const auto& [prefix, outcome] : kOutcomeCodes)
    if (code.starts_with(prefix)) return outcome;
  return Outcome::refused;
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
      return "answered";
    case Outcome::refused:
      return "refused";
    case Outcome::late:
      return "late";
    case Outcome::queue_full:
      return "queue-full";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::unavailable:
      return "unavailable";
    case Outcome::died:
      return "died";
  }
  return "unknown";
}

void Histogram::record(std::uint64_t value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  ++counts_.at(static_cast<std::size_t>(bucket));
  ++total_;
  sum_ += value;
}

}  // namespace vedette::inference::serving
