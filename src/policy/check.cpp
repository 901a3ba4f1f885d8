#include "policy/check.h"

#include <array>

#include "policy/worlds.h"

namespace vedette::policy {

namespace {

// What was seen in any case of any principal and action.
struct Seen {
  RuleSet named;       // by a pair that is in the enumerations
  RuleSet true_once;   // the condition was true
  RuleSet granted;     // of permits: it decided
  RuleSet in_the_way;  // of forbids: one decided against a permit
  RuleSet unexamined;
  Mask allowed = 0;  // actions that somebody may
  Mask unexamined_actions = 0;
  std::size_t cases = 0;
};

bool is_true(const Rule& rule, const Facts& facts) {
  return !rule.condition || truth(*rule.condition, facts) == Truth::yes;
}

void look(const Policy& policy, const Request& request, const RuleSet& named, Seen& seen) {
  const Decision decision = policy.decide(request);
  for (std::size_t i = 0; i < policy.rules().size(); ++i)
    if (named.test(i) && is_true(policy.rules()[i], request.facts)) {
      seen.true_once.set(i);
      if (!decision.allowed && policy.rules()[i].effect == Effect::permit)
        seen.in_the_way |= decision.rules;
    }
  if (!decision.allowed) return;
  seen.granted |= decision.rules;
  seen.allowed |= mask_of(request.action);
}

void look_at_pair(const Policy& policy, Principal principal, Action action, Seen& seen) {
  RuleSet named;
  for (std::size_t i = 0; i < policy.rules().size(); ++i) {
    const Rule& rule = policy.rules()[i];
    if (holds(rule.principals, principal) && holds(rule.actions, action)) named.set(i);
  }
  if (named.none()) return;
  const auto worlds = Worlds::of(policy, principal, action,
                                 conditions_of(policy, principal, action), kMaxWorlds - seen.cases);
  if (!worlds) {
    seen.unexamined |= named;
    seen.unexamined_actions |= mask_of(action);
    return;
  }
  (void)worlds->all([&](const World& world) {
    ++seen.cases;
    look(policy, {principal, action, world.facts}, named, seen);
    return true;
  });
}

Seen look_everywhere(const Policy& policy) {
  Seen seen;
  for (const Principal principal : all_principals())
    for (const Action action : all_actions())
      look_at_pair(policy, principal, action, seen);
  return seen;
}

void judge_rule(const Policy& policy, std::size_t place, const Seen& seen,
                std::vector<Finding>& found) {
  const Rule& rule = policy.rules()[place];
  const auto add = [&](FindingKind kind, std::string words) {
    found.push_back({kind, rule.id, rule.place, std::move(words)});
  };
  const bool is_permit = rule.effect == Effect::permit;
  const bool unexamined = seen.unexamined.test(place);
  if (!seen.true_once.test(place)) {
    if (unexamined)
      add(FindingKind::not_examined, "there are too many cases to say whether it ever applies");
    else
      add(FindingKind::never_applies,
          is_permit ? "its condition is never true"
                    : "its condition is never true; it forbids only where something is not known");
  } else if (is_permit && !seen.granted.test(place)) {
    if (unexamined)
      add(FindingKind::not_examined, "there are too many cases to say whether it ever grants");
    else
      add(FindingKind::never_grants,
          "whatever it permits is forbidden by " + policy.ids_of(seen.in_the_way));
  }
}

void judge_roles(const Policy& policy, std::vector<Finding>& found) {
  RoleSet used = 0;
  for (const Rule& rule : policy.rules())
    if (rule.condition)
      each_comparison(*rule.condition, [&](const Condition& one) {
        if (one.kind == Condition::Kind::role) used |= RoleSet{1} << one.role;
      });
  for (std::size_t i = 0; i < policy.roles().size(); ++i)
    if (((used >> i) & 1U) == 0)
      found.push_back({FindingKind::unused_role, policy.roles()[i].name, policy.roles()[i].place,
                       "no rule asks for this role"});
}

// Access tokens are for services beside Vedette: a deployment that has none grants none.
constexpr Action kOptional = Action::request_token;

}  // namespace

std::string_view to_string(FindingKind kind) {
  constexpr std::array<std::string_view, 5> kNames = {"never-applies", "never-grants",
                                                      "unused-role", "nobody-may", "not-examined"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::vector<Finding> findings(const Policy& policy) {
  const Seen seen = look_everywhere(policy);
  std::vector<Finding> found;
  judge_roles(policy, found);
  for (std::size_t i = 0; i < policy.rules().size(); ++i)
    judge_rule(policy, i, seen, found);
  for (const Action action : all_actions())
    if (action != kOptional && !holds(seen.allowed | seen.unexamined_actions, action))
      found.push_back({FindingKind::nobody_may,
                       std::string(to_string(action)),
                       {},
                       "in no case is anybody allowed to do this"});
  return found;
}

}  // namespace vedette::policy
