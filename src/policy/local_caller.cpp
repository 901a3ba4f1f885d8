#include "policy/local_caller.h"

#include <algorithm>

namespace vedette::policy {

namespace {

constexpr std::uint32_t kRoot = 0;

bool names_caller(const CallerRule& rule, const LocalCaller& caller) {
  if (rule.uid && *rule.uid != caller.uid) return false;
  return !rule.gid || std::ranges::find(caller.groups, *rule.gid) != caller.groups.end();
}

bool names_model(const CallerRule& rule, std::string_view model) {
  return std::ranges::any_of(
      rule.models, [&](const std::string& name) { return name == kEveryModel || name == model; });
}

bool permits(const CallerRule& rule, LocalAct act) {
  switch (act) {
    case LocalAct::see_status:
      return false;
    case LocalAct::see_metadata:
      return rule.may_see_metadata;
    case LocalAct::infer:
      return rule.may_infer;
  }
  return false;
}

}  // namespace

bool LocalDecision::shows(std::string_view output) const {
  return allowed && (outputs == nullptr || std::ranges::find(*outputs, output) != outputs->end());
}

LocalDecision decide(const LocalPolicy& policy, const std::optional<LocalCaller>& caller,
                     LocalAct act, std::string_view model) {
  if (!caller) return {.rule = "no-credentials", .reason = "the kernel does not say who asks"};
  const bool is_owner = caller->uid == policy.owner || caller->uid == kRoot;
  if (is_owner && (policy.rules.empty() || act == LocalAct::see_status))
    return {.allowed = true, .rule = "owner", .reason = "the agent's own user and root may ask"};
  for (const CallerRule& rule : policy.rules)
    if (names_caller(rule, *caller) && names_model(rule, model) && permits(rule, act))
      return {.allowed = true,
              .rule = rule.id,
              .reason = "a rule names this caller and model",
              .outputs = rule.outputs ? &*rule.outputs : nullptr};
  return {.rule = "default-deny", .reason = "no rule names this caller for this"};
}

}  // namespace vedette::policy
