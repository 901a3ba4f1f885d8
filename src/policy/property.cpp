#include "policy/property.h"

#include "policy/worlds.h"

namespace vedette::policy {

namespace {

bool may_hold(const std::optional<Condition>& where, const Facts& facts) {
  return !where || truth(*where, facts) != Truth::no;
}

bool surely_holds(const std::optional<Condition>& unless, const Facts& facts) {
  return unless && truth(*unless, facts) == Truth::yes;
}

Result<void> prove_pair(const Policy& policy, const Property& property, Principal principal,
                        Action action, Proof& proof) {
  auto conditions = conditions_of(policy, principal, action);
  if (property.where) conditions.push_back(&*property.where);
  if (property.unless) conditions.push_back(&*property.unless);
  VEDETTE_TRY(const Worlds worlds,
              Worlds::of(policy, principal, action, conditions, kMaxWorlds - proof.cases));
  (void)worlds.all([&](const World& world) {
    ++proof.cases;
    if (!may_hold(property.where, world.facts) || surely_holds(property.unless, world.facts))
      return true;
    const Decision decision = policy.decide({principal, action, world.facts});
    if (!decision.allowed) return true;
    proof.counterexample = {principal, action, world.words(), policy.ids_of(decision.rules)};
    return false;
  });
  return {};
}

}  // namespace

Result<Proof> prove(const Policy& policy, const Property& property) {
  Proof proof;
  for (const Principal principal : all_principals())
    for (const Action action : all_actions()) {
      if (!holds(property.principals, principal) || !holds(property.actions, action)) continue;
      VEDETTE_CHECK(prove_pair(policy, property, principal, action, proof));
      if (!proof.holds()) return proof;
    }
  return proof;
}

std::string write_property(const Property& property, const Policy& policy) {
  std::string text = "never grant " + write_actions(property.actions) + " to " +
                     write_principals(property.principals);
  if (property.where) text += " where " + write_condition(*property.where, policy.roles());
  if (property.unless) text += " unless " + write_condition(*property.unless, policy.roles());
  return text;
}

}  // namespace vedette::policy
