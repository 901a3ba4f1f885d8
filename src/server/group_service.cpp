#include "server/group_service.h"

#include <utility>

#include "server/answers.h"
#include "server/second_person.h"

namespace vedette::server {

namespace {

using codec::Json;
using identity::Device;
using identity::DeviceStatus;
using platform::HttpResponse;
using platform::UnitOfWork;
using policy::Proposal;

constexpr std::size_t kMaxReason = 500;

std::string subject_of(const GroupId& group) {
  return "group/" + group.str();
}

std::string key_of(const GroupId& group) {
  return subject_of(group) + "/revoke";
}

Matter matter_of(const Call& call, const GroupId& group) {
  return {.kind = "revoke-group",
          .subject = subject_of(group),
          .actor = call.caller.name(),
          .rule = call.rule,
          .details = Json::Object{}};
}

Result<GroupId> group_of(const Call& call) {
  return GroupId::parse(call.arguments.at(0));
}

std::string content_of(const GroupId& group, const std::string& reason,
                       const std::string& proposer) {
  Json content;
  content.set("group", group.str()).set("reason", reason).set("proposer", proposer);
  return codec::to_json(content);
}

Result<Json> read_content(const Proposal& proposal) {
  VEDETTE_TRY(Json content, codec::parse_json(proposal.content));
  content.set("proposal", proposal.id);
  content.set("expires", to_rfc3339(proposal.proposed_at + policy::kProposalLifetime));
  return content;
}

}  // namespace

Result<std::vector<DeviceId>> GroupService::revoke_all(UnitOfWork& unit, const Call& call,
                                                       const GroupId& group,
                                                       const std::string& reason,
                                                       Matter& matter) const {
  std::vector<DeviceId> revoked;
  VEDETTE_TRY(const auto devices, unit.devices().list());
  for (const Device& before : devices) {
    if (before.group != group || before.status == DeviceStatus::revoked) continue;
    const Device device = with_status(before, DeviceStatus::revoked, reason, clock_.now());
    VEDETTE_CHECK(unit.devices().save(device));
    Json details;
    details.set("reason", reason).set("group", group.str()).set("epoch", device.epoch.value);
    VEDETTE_CHECK(chronicle_.enter(unit,
                                   {.kind = "revoke",
                                    .subject = "device/" + device.id.str(),
                                    .actor = call.caller.name(),
                                    .rule = call.rule,
                                    .details = std::move(details)},
                                   std::nullopt));
    revoked.push_back(device.id);
  }
  matter.details.set("reason", reason).set("devices", std::uint64_t{revoked.size()});
  return revoked;
}

HttpResponse GroupService::closed(const std::vector<DeviceId>& devices) const {
  const std::uint64_t connections = disconnect_(devices);
  Json body;
  body.set("devices", std::uint64_t{devices.size()}).set("connections_closed", connections);
  return answer(body);
}

Result<HttpResponse> GroupService::revoke(const Call& call) {
  VEDETTE_TRY(const GroupId group, group_of(call));
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({"reason"}));
  VEDETTE_TRY(const std::string reason, body.string("reason"));
  if (reason.empty() || reason.size() > kMaxReason)
    return refuse("HTTP-REASON", "a reason of 1 to 500 characters is needed");
  if (call.waits_for) {
    const Proposal proposal = make_proposal(
        call, key_of(group), content_of(group, reason, call.caller.name()), clock_.now());
    Matter matter = matter_of(call, group);
    matter.kind = "revoke-group-proposal";
    matter.details.set("reason", reason).set("proposal", proposal.id);
    matter.details.set("waits_for", *call.waits_for);
    VEDETTE_CHECK(chronicle_.decide(std::move(matter), [&](UnitOfWork& unit, Matter&) {
      return unit.proposals().save(proposal);
    }));
    VEDETTE_TRY(const Json content, read_content(proposal));
    return answer(content);
  }
  std::vector<DeviceId> revoked;
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, group), [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        VEDETTE_TRY(revoked, revoke_all(unit, call, group, reason, matter));
        return {};
      }));
  return closed(revoked);
}

Result<HttpResponse> GroupService::show_proposal(const Call& call) {
  VEDETTE_TRY(const GroupId group, group_of(call));
  Json shown;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto proposal, find_waiting(unit, key_of(group), clock_.now()));
    if (!proposal) return refuse("HTTP-NOT-FOUND", "nothing waits for approval", group.str());
    VEDETTE_TRY(shown, read_content(*proposal));
    return {};
  }));
  return answer(shown);
}

Result<HttpResponse> GroupService::approve(const Call& call) {
  VEDETTE_TRY(const GroupId group, group_of(call));
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({"proposal"}));
  VEDETTE_TRY(const std::string wanted, body.string("proposal"));
  std::vector<DeviceId> revoked;
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, group), [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        VEDETTE_TRY(const auto proposal, find_waiting(unit, key_of(group), clock_.now()));
        if (!proposal || proposal->id != wanted)
          return refuse("DEV-PROPOSAL", "there is no such proposal any more", wanted,
                        "see 'vedette device revoke --group " + group.str() +
                            " --proposal' for the one that waits");
        VEDETTE_CHECK(check_second_person(call, proposal->proposer, "DEV-SECOND-PERSON"));
        VEDETTE_TRY(const Json content, read_content(*proposal));
        VEDETTE_TRY(const std::string reason, content.string("reason"));
        VEDETTE_TRY(revoked, revoke_all(unit, call, group, reason, matter));
        matter.details.set("proposer", proposal->proposer);
        return unit.proposals().withdraw(key_of(group));
      }));
  return closed(revoked);
}

}  // namespace vedette::server
