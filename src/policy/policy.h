// Policy: roles and rules, and what they decide. Default is deny, forbid wins over permit, and the
// rules that decided are returned by their ids.
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/condition.h"
#include "policy/token.h"

namespace vedette::policy {

inline constexpr std::size_t kMaxRules = 128;
inline constexpr std::size_t kMaxRoles = 64;  // as RoleSet has bits
inline constexpr std::size_t kMaxMembers = 256;
inline constexpr std::size_t kMaxComparisons = 64;  // in one condition
inline constexpr std::size_t kMaxChoices = 64;      // between brackets

enum class Effect : std::uint8_t { permit, forbid };

[[nodiscard]] std::string_view to_string(Effect effect);

struct Role {
  std::string name;
  bool is_of_every_operator = false;
  std::vector<std::string> members{};  // names of operators, as written
  Place place{};
};

struct Rule {
  std::string id;
  Effect effect = Effect::forbid;
  Mask principals = 0;
  Mask actions = 0;
  std::optional<Condition> condition{};  // none: always
  std::string reason;                    // a sentence without a full stop
  std::string hint{};                    // what whoever was denied may do; may be empty
  Place place{};
};

// Whether the rule, which names this principal and action, applies: a permit only where its
// condition is true, a forbid wherever it is not false.
[[nodiscard]] bool applies(const Rule& rule, const Facts& facts);

// Bit n: the policy's rule n.
using RuleSet = std::bitset<kMaxRules>;

struct Request {
  Principal principal = Principal::anonymous;
  Action action = Action::enroll;
  Facts facts{};
};

// Borrows from the policy.
struct Decision {
  bool allowed = false;
  RuleSet rules;          // every rule that decided: the forbids that apply, or else the permits
  std::string_view rule;  // the id of the first of them; `default-deny` when there is none
  std::string_view reason;
  std::string_view hint;
};

class Policy {
 public:
  [[nodiscard]] const std::vector<Role>& roles() const { return roles_; }
  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

  // Allocates nothing.
  [[nodiscard]] Decision decide(const Request& request) const;
  // The ids of the rules that decided, in the policy's order, joined by `, `; or `default-deny`.
  [[nodiscard]] std::string ids_of(const RuleSet& rules) const;
  [[nodiscard]] RoleSet roles_of(std::string_view operator_name) const;
  // Whether any rule asks about it: what costs a look-up need not be known else.
  [[nodiscard]] bool asks_about(Attribute attribute) const {
    return asked_.test(static_cast<std::size_t>(attribute));
  }

 private:
  friend Result<Policy> parse_policy(std::string_view text);
  Policy(std::vector<Role> roles, std::vector<Rule> rules);

  static constexpr std::size_t kPairs = std::size_t{3} * 32;
  std::vector<Role> roles_;
  std::vector<Rule> rules_;
  std::array<RuleSet, kPairs> named_by_;  // for each principal and action, the rules that name both
  std::bitset<kAttributes> asked_;
};

// The whole text or nothing. Every name must exist, every comparison must be of one type, and every
// attribute must be one that the principals and actions of its rule can have (policy/schema.h).
// Refuses POLICY-SIZE, POLICY-SYNTAX, POLICY-NAME and POLICY-TYPE, each with line and column.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text);

// The same policy in one form: it parses, and is written the same again.
[[nodiscard]] std::string write_policy(const Policy& policy);
[[nodiscard]] std::string write_condition(const Condition& condition,
                                          const std::vector<Role>& roles);
[[nodiscard]] std::string write_actions(Mask actions);        // `read_blob, read_release`
[[nodiscard]] std::string write_principals(Mask principals);  // `device`
[[nodiscard]] std::string write_duration(std::int64_t seconds);

// The policy that is built into the program (default.policy), as text and as it decides.
[[nodiscard]] std::string_view default_policy_text();
[[nodiscard]] const Policy& default_policy();

}  // namespace vedette::policy
