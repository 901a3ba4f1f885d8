#include "server/second_person.h"

namespace vedette::server {

Result<void> check_second_person(const Call& call, const std::string& proposer,
                                 std::string_view code) {
  constexpr std::string_view kOperator = "operator/";
  if (proposer == call.caller.name())
    return refuse(code, "whoever proposed it cannot approve it", proposer, "ask another operator");
  const std::string_view name = proposer.starts_with(kOperator)
                                    ? std::string_view(proposer).substr(kOperator.size())
                                    : std::string_view();
  policy::Request first = call.asked;
  first.facts.set_name(policy::Attribute::principal_name, name);
  first.facts.set_roles(call.policy.roles_of(name));
  const policy::Decision decision = call.policy.decide(first);
  if (!name.empty() && decision.allowed) return {};
  return refuse("AUTH-PROPOSER", "whoever proposed it may not any more",
                proposer + ": rule " + call.policy.ids_of(decision.rules),
                "somebody who may has to propose it again");
}

}  // namespace vedette::server
