// What is well-formed in a policy and yet hardly meant: rules that never apply, permits that never
// grant, actions that nobody may take.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace vedette::policy {

enum class FindingKind : std::uint8_t {
  never_applies,  // its condition is true in no case
  never_grants,   // a permit: wherever it applies, something forbids
  unused_role,    // no rule asks for it
  nobody_may,     // no case in which anybody is allowed this action
  not_examined,   // too many cases to say
};

[[nodiscard]] std::string_view to_string(FindingKind kind);  // `never-applies`

struct Finding {
  FindingKind kind;
  std::string about;  // the rule, the role, the action
  Place place;        // 1:1 for an action
  std::string words;  // a sentence without a full stop
};

// Exact (policy/worlds.h). In the order of the text, actions last.
[[nodiscard]] std::vector<Finding> findings(const Policy& policy);

}  // namespace vedette::policy
