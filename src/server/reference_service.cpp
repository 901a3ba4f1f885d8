#include "server/reference_service.h"

#include <utility>

#include "server/answers.h"
#include "server/known_device.h"
#include "server/reference_target.h"
#include "server/second_person.h"

namespace vedette::server {

namespace {

using attestation::AttestationState;
using attestation::ReferenceTarget;
using attestation::StoredReferences;
using attestation::Witness;
using codec::Json;
using identity::Device;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr codec::JsonLimits kReferenceLimits{
    .max_bytes = attestation::kMaxReferenceBytes, .max_depth = 8, .max_values = 4'000'000};

StoredReferences stored(const Json& set) {
  std::string text = codec::to_json(set);
  const auto id = crypto::sha256(as_bytes(text));
  return {id, std::move(text)};
}

// The set itself may be megabytes; the log has its name, and how much is in each part.
Json summary_of(const StoredReferences& references, const Json& set) {
  Json summary;
  summary.set("references", to_hex(references.id));
  for (const auto& [part, content] : *set.if_object())
    if (const auto* members = content.if_object())
      summary.set(part, std::uint64_t{members->size()});
  return summary;
}

Json with(Json object, const Json& more) {
  for (const auto& [name, value] : *more.if_object())
    object.set(name, value);
  return object;
}

// To whoever proposed it: what the second person is to name.
Json pending(const std::string& proposal, const Json& set) {
  Json answer;
  answer.set("proposal", proposal).set("references", set);
  return answer;
}

std::string key_of(const ReferenceTarget& target) {
  return subject_of(target) + "/reference";
}

// What waits for approval, and where it was taken from (an object).
struct Proposed {
  Json set;
  Json origin;
};

Result<Proposed> read_content(const policy::Proposal& proposal) {
  VEDETTE_TRY(const Json content, codec::parse_json(proposal.content, kReferenceLimits));
  const Json* const set = content.find("references");
  const Json* const origin = content.find("origin");
  if (set == nullptr || origin == nullptr)
    return refuse("STORE-CORRUPT", "a proposal cannot be understood", proposal.subject);
  return Proposed{*set, *origin};
}

Matter matter_of(const Call& call, const ReferenceTarget& target) {
  return {.kind = "reference",
          .subject = subject_of(target),
          .actor = call.caller.name(),
          .rule = call.rule,
          .details = Json::Object{}};
}

Result<std::optional<Json>> present_set(UnitOfWork& unit, const ReferenceTarget& target) {
  VEDETTE_TRY(const auto before, unit.references().find(target));
  if (!before) return std::nullopt;
  return codec::parse_json(before->text, kReferenceLimits);
}

const Json* if_any(const std::optional<Json>& set) {
  return set ? &*set : nullptr;
}

// A device speaks for the set that it is held to, and for its own SKU's first.
Result<void> check_witness(UnitOfWork& unit, const Device& device, const ReferenceTarget& target) {
  if (device.group != target.group)
    return refuse("REF-GROUP", "the device belongs to another group", device.group.str());
  if (target.sku && device.sku != target.sku)
    return refuse(
        "REF-SKU", "the device is not of this SKU",
        device.sku ? "it is of " + device.sku->str() : "it has none",
        "if it is, say so: 'vedette device sku " + device.id.str() + " " + target.sku->str() + "'");
  if (target.sku) return {};
  VEDETTE_TRY(const ReferenceTarget own, held_to(unit, device));
  if (own == target) return {};
  return refuse("REF-SKU", "the device is held to the values of its SKU, not to its group's",
                words_of(own), "name it: --sku " + own.sku->str());
}

Result<Json> replaced(const Json* /*present*/, const Json* held_to, const Witness& witness) {
  return attestation::learn_references(witness, held_to);
}

Result<Json> widened(const Json* present, const Json* /*held_to*/, const Witness& witness) {
  if (present == nullptr)
    return refuse("REF-NOTHING", "nothing is accepted yet, so nothing can be beside it", {},
                  "use `vedette reference learn`");
  return attestation::accept_also(*present, witness);
}

// The registers that the manifest is the first to hold to exact values: what was accepted of them
// by their events before is refused from now on unless the maker names it.
Json origin_of(const BelievedManifest& believed, const Json* present) {
  const Json* const before = present != nullptr ? present->find("registers") : nullptr;
  Json::Array newly_exact;
  for (const auto& [pcr, accepted] : believed.values.registers)
    if (before == nullptr || before->find(std::to_string(pcr)) == nullptr)
      newly_exact.emplace_back(std::int64_t{pcr});
  Json told = believed.told;
  return Json::Object{{"manifest", told.set("newly_exact", std::move(newly_exact))}};
}

}  // namespace

Result<HttpResponse> ReferenceService::show(const Call& call) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(call));
  std::optional<StoredReferences> references;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(references, unit.references().find(target));
    return {};
  }));
  if (!references)
    return refuse("HTTP-NOT-FOUND",
                  target.sku ? "this SKU has no reference values of its own"
                             : "this group has no reference values",
                  words_of(target), "see `vedette reference learn`");
  HttpResponse response;
  response.body = to_bytes(references->text);
  return response;
}

Result<HttpResponse> ReferenceService::set(const Call& call) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(call));
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body), kReferenceLimits));
  VEDETTE_CHECK(attestation::parse_reference_set(body));
  std::string proposal;
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, target), [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        VEDETTE_TRY(proposal, put_in_force(unit, call, target, body, Json::Object{}, matter));
        return {};
      }));
  return answer(call.waits_for ? pending(proposal, body) : Json(Json::Object{}));
}

// Or, where it takes two, has it wait for the second.
Result<std::string> ReferenceService::put_in_force(UnitOfWork& unit, const Call& call,
                                                   const ReferenceTarget& target, const Json& set,
                                                   const Json& origin, Matter& matter) const {
  const StoredReferences references = stored(set);
  matter.details = with(summary_of(references, set), origin);
  if (!call.waits_for) {
    VEDETTE_CHECK(unit.references().save(target, references));
    return std::string();
  }
  Json content;
  content.set("references", set).set("origin", origin);
  const auto proposal = make_proposal(call, key_of(target), codec::to_json(content), clock_.now());
  matter.kind = "reference-proposal";
  matter.details.set("proposal", proposal.id).set("waits_for", *call.waits_for);
  VEDETTE_CHECK(unit.proposals().save(proposal));
  return proposal.id;
}

Result<HttpResponse> ReferenceService::approve(const Call& call) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(call));
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({"proposal"}));
  VEDETTE_TRY(const std::string wanted, body.string("proposal"));
  Json set;
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, target), [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        VEDETTE_TRY(const auto proposal, find_waiting(unit, key_of(target), clock_.now()));
        if (!proposal || proposal->id != wanted)
          return refuse("REF-PROPOSAL", "there is no such proposal any more", wanted,
                        "see 'vedette reference proposal " + arguments_of(target) +
                            "' for the one that waits");
        VEDETTE_CHECK(check_second_person(call, proposal->proposer, "REF-SECOND-PERSON"));
        VEDETTE_TRY(Proposed proposed, read_content(*proposal));
        set = std::move(proposed.set);
        const StoredReferences references = stored(set);
        matter.details = with(summary_of(references, set), proposed.origin);
        matter.details.set("proposal", proposal->id).set("proposer", proposal->proposer);
        VEDETTE_CHECK(unit.proposals().withdraw(key_of(target)));
        return unit.references().save(target, references);
      }));
  return answer(set);
}

Result<HttpResponse> ReferenceService::show_proposal(const Call& call) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(call));
  Json shown;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto proposal, find_waiting(unit, key_of(target), clock_.now()));
    if (!proposal) return refuse("HTTP-NOT-FOUND", "nothing waits for approval", words_of(target));
    VEDETTE_TRY(const Proposed proposed, read_content(*proposal));
    shown.set("proposal", proposal->id).set("proposer", proposal->proposer);
    shown.set("expires", to_rfc3339(proposal->proposed_at + policy::kProposalLifetime));
    shown = with(shown, proposed.origin);
    shown.set("references", proposed.set);
    return {};
  }));
  return answer(shown);
}

Result<HttpResponse> ReferenceService::learn(const Call& call) {
  return take_from_device(call, replaced);
}

Result<HttpResponse> ReferenceService::accept(const Call& call) {
  return take_from_device(call, widened);
}

Result<HttpResponse> ReferenceService::take_from_device(const Call& call, Compose compose) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(call));
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({"device"}));
  VEDETTE_TRY(const std::string text, body.string("device"));
  VEDETTE_TRY(const DeviceId id, DeviceId::parse(text));
  Json set;
  std::string proposal;
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, target), [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        matter.details.set("device", id.str());
        VEDETTE_TRY(const Device device, known_device(unit, id));
        VEDETTE_CHECK(check_witness(unit, device, target));
        VEDETTE_TRY(const AttestationState state, state_of(unit, id));
        VEDETTE_TRY(const Witness witness, witness_of(unit, id, state));
        VEDETTE_TRY(const auto present, present_set(unit, target));
        VEDETTE_TRY(const ReferenceTarget own, held_to(unit, device));
        VEDETTE_TRY(const auto held, present_set(unit, own));
        VEDETTE_TRY(set, compose(if_any(present), if_any(held), witness));
        VEDETTE_TRY(proposal, put_in_force(unit, call, target, set,
                                           Json::Object{{"device", Json(id.str())}}, matter));
        return {};
      }));
  return answer(call.waits_for ? pending(proposal, set) : set);
}

Result<HttpResponse> ReferenceService::import_manifest(const Call& call) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(call));
  VEDETTE_TRY(const ManifestRequest request, parse_manifest_request(call.request.body));
  Matter matter = matter_of(call, target);
  matter.details.set("manifest", request.told());
  const auto believed = believe(request, settings_.manifests, clock_.now());
  if (!believed) return std::unexpected(chronicle_.refuse_matter(matter, believed.error()));
  Json origin;
  Json set;
  std::string proposal;
  VEDETTE_CHECK(
      chronicle_.decide(std::move(matter), [&](UnitOfWork& unit, Matter& decided) -> Result<void> {
        VEDETTE_TRY(const auto present, present_set(unit, target));
        origin = origin_of(*believed, if_any(present));
        if (target.sku && !present)
          return refuse("REF-NOTHING", "this SKU has no values of its own to accept these beside",
                        "they alone would stand in the place of all of its group's",
                        "use `vedette reference learn` for the SKU first");
        VEDETTE_TRY(set, attestation::accept_registers(if_any(present), believed->values));
        VEDETTE_TRY(proposal, put_in_force(unit, call, target, set, origin, decided));
        return {};
      }));
  return answer(with(
      call.waits_for ? pending(proposal, set) : Json(Json::Object{{"references", set}}), origin));
}

Result<AttestationState> ReferenceService::state_of(UnitOfWork& unit,
                                                    const DeviceId& device) const {
  VEDETTE_TRY(auto state, unit.attestations().last(device));
  if (!state)
    return refuse("REF-NOTHING", "this device has not sent a quote that verifies", device.str(),
                  "start its agent and try again");
  return *std::move(state);
}

Result<Witness> ReferenceService::witness_of(UnitOfWork& unit, const DeviceId& device,
                                             const AttestationState& state) const {
  Witness witness{.state = state,
                  .event_log = {},
                  .ima_list = {},
                  .memory = {},
                  .runtime_register = settings_.runtime_register};
  if (state.event_log) {
    VEDETTE_TRY(witness.event_log, unit.attestations().event_log(*state.event_log));
  }
  VEDETTE_TRY(witness.ima_list, unit.attestations().ima_list(device));
  if (state.memory.empty()) return witness;
  VEDETTE_TRY(const Json memory, codec::parse_json(state.memory));
  VEDETTE_TRY(witness.memory, attestation::parse_device_memory(memory));
  return witness;
}

}  // namespace vedette::server
