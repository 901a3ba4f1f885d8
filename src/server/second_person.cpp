#include "server/second_person.h"

#include <utility>

#include "codec/json.h"
#include "crypto/digest.h"

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

policy::Proposal make_proposal(const Call& call, std::string subject, std::string content,
                               TimePoint now) {
  std::string proposer = call.caller.name();
  codec::Json named;
  named.set("subject", subject).set("proposer", proposer).set("time", to_rfc3339(now));
  named.set("content_sha256", to_hex(crypto::sha256(as_bytes(content))));
  std::string id = to_hex(crypto::sha256(as_bytes(codec::to_json(named))));
  return {std::move(subject), std::move(id), std::move(content), std::move(proposer), now};
}

Result<std::optional<policy::Proposal>> find_waiting(platform::UnitOfWork& unit,
                                                     const std::string& subject, TimePoint now) {
  VEDETTE_TRY(auto proposal, unit.proposals().find(subject));
  if (proposal && !policy::still_waits(*proposal, now)) return std::nullopt;
  return proposal;
}

}  // namespace vedette::server
