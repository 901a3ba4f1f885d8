// Why a policy decides as it does: each rule that speaks of the request, whether it applies, and
// which comparison it hangs on.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace vedette::policy {

// One comparison as it turned out: `context.attestation_age < 5m is false: it is 7m`.
struct RuleExplanation {
  const Rule* rule = nullptr;
  bool applies = false;
  bool decides = false;
  std::vector<std::string> because{};  // the comparisons that made it apply, or not; may be empty
};

struct Explanation {
  Decision decision;
  std::vector<RuleExplanation> rules;  // those that name the principal and the action
};

// Borrows from the policy.
[[nodiscard]] Explanation explain(const Policy& policy, const Request& request);

// The attribute's value as text: `high`, `7m`, `true`; `not known`.
[[nodiscard]] std::string write_fact(const Policy& policy, Attribute attribute, const Fact& fact);

// The other way round, but for roles, which follow from a name. Borrows the text. Refuses
// POLICY-TYPE what the attribute cannot be, and POLICY-SYNTAX.
[[nodiscard]] Result<Fact> parse_fact(Attribute attribute, std::string_view text);

}  // namespace vedette::policy
