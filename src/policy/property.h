// Property: what a policy must never allow, and the proof that it does not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/policy.h"

namespace vedette::policy {

// Holds for a policy if it allows none of the actions to any of the principals in any case in which
// `where` may be true, unless `unless` is known to be true. Without `unless`: it allows none at
// all.
struct Property {
  Mask principals = 0;
  Mask actions = 0;
  std::optional<Condition> where{};
  std::optional<Condition> unless{};
};

// The precise form:
//
//   property = "never" "grant" actions [ "to" principals ] [ "where" condition ]
//              [ "unless" condition ] [ ";" ]
//
// or a sentence, which stands for a precise one:
//
//   sentence = "no" ( "rule" | "permit" | "policy" ) "grants" what
//              [ ( "without" | "unless" ) guard { "and" guard } ]
//   what     = "low" | "medium" | "high"          read_release, read_blob where resource.tier is it
//            | actions [ "of" "tier" tier ]
//   guard    = "attestation" [ ( "younger" | "newer" ) "than" age ]
//                                                 context.attested and context.attestation_age <
//                                                 age
//            | "two" ( "people" | "persons" | "approvals" )     context.approvals >= 2
//            | "role" NAME                        principal has role NAME
//   age      = a duration (5m) | number unit; unit: s, sec, second(s), min, minute(s), h, hour(s)
//
// Conditions are those of rules; the roles are the policy's. Refuses as parse_policy does.
[[nodiscard]] Result<Property> parse_property(std::string_view text, const Policy& policy);

// The precise form.
[[nodiscard]] std::string write_property(const Property& property, const Policy& policy);

// A case in which the policy allows what it must not.
struct Counterexample {
  Principal principal = Principal::anonymous;
  Action action = Action::enroll;
  std::string words;  // the case: `principal.status is active, context.attested is true`
  std::string rules;  // that allow it
};

struct Proof {
  std::size_t cases = 0;  // that were looked at
  std::optional<Counterexample> counterexample{};

  [[nodiscard]] bool holds() const { return !counterexample; }
};

// Exact: looks at every case that policy and property can tell apart (policy/worlds.h). Refuses
// POLICY-PROOF-SIZE.
[[nodiscard]] Result<Proof> prove(const Policy& policy, const Property& property);

}  // namespace vedette::policy
