#include "agent/local_access.h"

#include <optional>

namespace vedette::agent {

namespace {

constexpr std::string_view kHint =
    "allow the caller with [[api.callers]] in the agent's configuration; without any, the agent's "
    "own user and root alone may ask";

}  // namespace

policy::LocalDecision LocalAccess::decide(policy::LocalAct act, std::string_view model) const {
  std::optional<policy::LocalCaller> caller;
  if (connection_.credentials)
    caller = policy::LocalCaller{connection_.credentials->uid, connection_.credentials->groups};
  return policy::decide(policy_, caller, act, model);
}

std::string LocalAccess::caller() const {
  if (!connection_.credentials) return "unknown caller";
  return "uid " + std::to_string(connection_.credentials->uid);
}

bool LocalAccess::may(policy::LocalAct act, std::string_view model) const {
  return decide(act, model).allowed;
}

Result<policy::LocalDecision> LocalAccess::require(policy::LocalAct act,
                                                   std::string_view model) const {
  const policy::LocalDecision decision = decide(act, model);
  if (decision.allowed) return decision;
  return refuse("AGT-CALLER-DENIED",
                "this caller may not ask for this: " + std::string(decision.reason),
                caller() + ", rule " + std::string(decision.rule), std::string(kHint));
}

bool LocalAccess::shows(const policy::LocalDecision& decision, const ServedModel& model,
                        std::string_view output) const {
  std::optional<std::uint32_t> uid;
  if (connection_.credentials) uid = connection_.credentials->uid;
  return decision.shows(output) && model.shows(output, uid);
}

Result<void> LocalAccess::check_wanted(const policy::LocalDecision& decision,
                                       const ServedModel& model,
                                       const std::vector<inference::WantedOutput>& wanted) const {
  for (const inference::WantedOutput& output : wanted)
    if (!shows(decision, model, output.name))
      return refuse("AGT-CALLER-DENIED", "this caller may not see this output",
                    output.name + ", rule " + std::string(decision.rule), std::string(kHint));
  return {};
}

}  // namespace vedette::agent
