// What parses as a policy is written in one form that says the same, decides requests of which
// nothing is known by denying what asks for anything, and can be checked and explained.
#include <cstdlib>

#include "base/bytes.h"
#include "policy/check.h"
#include "policy/explanation.h"
#include "policy/property.h"

namespace {

using namespace vedette;
using namespace vedette::policy;

void look_into(const Policy& policy) {
  for (const Principal principal : all_principals())
    for (const Action action : all_actions()) {
      const Request request{principal, action, {}};
      const Decision decision = policy.decide(request);
      const Explanation explanation = explain(policy, request);
      if (explanation.decision.allowed != decision.allowed) std::abort();
      // A rule with a condition never grants what nothing is known of.
      for (const RuleExplanation& one : explanation.rules)
        if (one.rule->condition && one.applies != (one.rule->effect == Effect::forbid))
          std::abort();
    }
}

// A property of the policy's own text, or none.
void prove_of_itself(const Policy& policy, std::string_view text) {
  const auto property = parse_property(text, policy);
  if (!property) return;
  const auto again = parse_property(write_property(*property, policy), policy);
  if (!again || write_property(*again, policy) != write_property(*property, policy)) std::abort();
  const auto proof = prove(policy, *property);
  const auto same = prove(policy, *again);
  if (proof.has_value() != same.has_value()) std::abort();
  if (proof && proof->holds() != same->holds()) std::abort();
}

}  // namespace

// The policy, and behind a line of dashes a property.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = vedette::as_text(vedette::ByteView(data, size));
  const std::size_t dashes = text.find("\n--\n");
  const auto policy = parse_policy(text.substr(0, dashes));
  if (dashes != std::string_view::npos && size < 2'000)
    prove_of_itself(policy ? *policy : default_policy(), text.substr(dashes + 4));
  if (!policy) return 0;
  const std::string written = write_policy(*policy);
  if (written.size() > kMaxPolicyBytes) return 0;
  const auto again = parse_policy(written);
  if (!again.has_value() || write_policy(*again) != written) std::abort();
  look_into(*policy);
  look_into(*again);
  if (size < 2'000 && findings(*policy).size() != findings(*again).size()) std::abort();
  return 0;
}
