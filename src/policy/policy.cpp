#include "policy/policy.h"

#include <algorithm>
#include <stdexcept>

#include "policy/default_policy.h"

namespace vedette::policy {

namespace {

constexpr std::size_t kActionsPerPrincipal = 32;

// Beyond the enumerations there is no rule.
std::optional<std::size_t> pair_of(Principal principal, Action action) {
  if (!holds(every_principal(), principal) || !holds(every_action(), action)) return std::nullopt;
  return (static_cast<std::size_t>(principal) * kActionsPerPrincipal) +
         static_cast<std::size_t>(action);
}

}  // namespace

std::string_view to_string(Effect effect) {
  return effect == Effect::permit ? "permit" : "forbid";
}

bool applies(const Rule& rule, const Facts& facts) {
  if (!rule.condition) return true;
  const Truth value = truth(*rule.condition, facts);
  return rule.effect == Effect::permit ? value == Truth::yes : value != Truth::no;
}

Policy::Policy(std::vector<Role> roles, std::vector<Rule> rules)
    : roles_(std::move(roles)), rules_(std::move(rules)) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    for (const Principal principal : all_principals())
      for (const Action action : all_actions())
        if (holds(rule.principals, principal) && holds(rule.actions, action))
          named_by_.at(*pair_of(principal, action)).set(i);
    if (rule.condition)
      each_comparison(*rule.condition, [this](const Condition& one) {
        asked_.set(static_cast<std::size_t>(one.attribute));
      });
  }
}

Decision Policy::decide(const Request& request) const {
  RuleSet permits;
  RuleSet forbids;
  const auto pair = pair_of(request.principal, request.action);
  const RuleSet named = pair ? named_by_.at(*pair) : RuleSet{};
  for (std::size_t i = named._Find_first(); i < kMaxRules; i = named._Find_next(i))
    if (applies(rules_[i], request.facts))
      (rules_[i].effect == Effect::permit ? permits : forbids).set(i);
  Decision decision{.allowed = forbids.none() && permits.any(),
                    .rules = forbids.any() ? forbids : permits,
                    .rule = "default-deny",
                    .reason = "no rule allows this",
                    .hint = {}};
  if (decision.rules.none()) return decision;
  const Rule& first = rules_[decision.rules._Find_first()];
  decision.rule = first.id;
  decision.reason = first.reason;
  decision.hint = first.hint;
  return decision;
}

std::string Policy::ids_of(const RuleSet& rules) const {
  std::string ids;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules.test(i)) ids += (ids.empty() ? "" : ", ") + rules_[i].id;
  return ids.empty() ? "default-deny" : ids;
}

RoleSet Policy::roles_of(std::string_view operator_name) const {
  RoleSet roles = 0;
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    const Role& role = roles_[i];
    if (role.is_of_every_operator ||
        std::ranges::find(role.members, operator_name) != role.members.end())
      roles |= RoleSet{1} << i;
  }
  return roles;
}

std::string_view default_policy_text() {
  return kDefaultPolicyText;
}

const Policy& default_policy() {
  static const Policy kPolicy = [] {
    auto parsed = parse_policy(kDefaultPolicyText);
    if (!parsed) throw std::logic_error("the built-in policy: " + describe(parsed.error()));
    return *std::move(parsed);
  }();
  return kPolicy;
}

}  // namespace vedette::policy
