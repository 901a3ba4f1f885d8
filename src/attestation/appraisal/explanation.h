// Explanation: why a register changed, as the difference between what two boots said.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attestation/appraisal/statement.h"

namespace vedette::attestation {

struct Change {
  std::uint8_t pcr = 0;
  std::string category;
  std::optional<std::string> was;     // in words; none: it is new
  std::optional<std::string> became;  // none: it is gone

  friend bool operator==(const Change&, const Change&) = default;
};

// By register, then category. Within a category what went and what came are told as one change,
// in order, as far as they go in pairs.
[[nodiscard]] std::vector<Change> changes_between(std::span<const Statement> before,
                                                  std::span<const Statement> after);

// `PCR 7: the revocation list dbx changed: 371 entries, ... -> 380 entries, ...`
[[nodiscard]] std::string in_words(const Change& change);

}  // namespace vedette::attestation
