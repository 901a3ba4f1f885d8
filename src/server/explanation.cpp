// Why a device is not accepted, for whoever must decide what to do about it.
#include "attestation/appraisal/explanation.h"

#include <algorithm>

#include "attestation/event_log/boot_facts.h"
#include "attestation/event_log/replay.h"
#include "server/answers.h"
#include "server/known_device.h"
#include "server/reference_service.h"
#include "server/reference_target.h"

namespace vedette::server {

namespace {

using attestation::AttestationState;
using attestation::Statement;
using codec::Json;
using identity::Device;
using platform::HttpResponse;
using platform::UnitOfWork;

// A log of which the registers are not at hand any more: the kept octets were proven when they
// came, and are held against their own replay.
Result<std::vector<Statement>> statements_of(UnitOfWork& unit, const crypto::Sha256Digest& name,
                                             const std::string& command_line,
                                             codec::TpmAlgorithm quoted) {
  VEDETTE_TRY(const auto octets, unit.attestations().event_log(name));
  if (!octets) return std::vector<Statement>{};
  VEDETTE_TRY(auto log, attestation::parse_event_log(*octets));
  // An earlier boot's may be from before the bank was changed.
  const auto known = log.has_bank(quoted) ? quoted : codec::TpmAlgorithm::sha256;
  VEDETTE_TRY(const auto bank, attestation::replay(log, known));
  attestation::QuotedRegisters registers{.bank = known, .values = {}};
  for (const std::uint8_t pcr : bank.extended())
    registers.values.emplace(pcr, to_bytes(bank.value(pcr)));
  VEDETTE_TRY(const auto boot, attestation::verify_event_log(std::move(log), registers, {}));
  VEDETTE_TRY(const auto facts, attestation::read_boot_facts(boot));
  return attestation::boot_statements(boot, facts, command_line);
}

Json to_json(const attestation::Change& change) {
  Json json;
  json.set("pcr", unsigned{change.pcr}).set("category", change.category);
  if (change.was) json.set("was", *change.was);
  if (change.became) json.set("became", *change.became);
  return json.set("words", in_words(change));
}

Result<Json> boot_changes(UnitOfWork& unit, const AttestationState& state,
                          const attestation::DeviceMemory& memory) {
  Json::Array changes;
  if (!state.event_log || !state.good_event_log || *state.event_log == *state.good_event_log)
    return changes;
  const codec::TpmAlgorithm bank = attestation::bank_of(state.registers);
  VEDETTE_TRY(const auto before,
              statements_of(unit, *state.good_event_log, memory.good_command_line, bank));
  VEDETTE_TRY(const auto after, statements_of(unit, *state.event_log, memory.command_line, bank));
  for (const auto& change : attestation::changes_between(before, after))
    changes.push_back(to_json(change));
  return changes;
}

// Registers without a log: what they are and what they might be.
Json mismatches_of(const AttestationState& state, const attestation::ReferenceSet* references) {
  Json::Array mismatches;
  if (references == nullptr) return mismatches;
  for (const auto& [pcr, accepted] : references->exact.registers) {
    const auto found = state.registers.find(pcr);
    if (found != state.registers.end() &&
        std::ranges::find(accepted, found->second) != accepted.end())
      continue;
    const std::string actual =
        found == state.registers.end() ? "not quoted" : to_string(found->second);
    Json one;
    one.set("pcr", unsigned{pcr}).set("became", actual);
    one.set("words", "PCR " + std::to_string(pcr) + ": is " + actual + ", which none of " +
                         std::to_string(accepted.size()) + " accepted values is");
    mismatches.push_back(std::move(one));
  }
  return mismatches;
}

Json running_of(const attestation::DeviceMemory& memory) {
  Json::Array running;
  for (const auto& event : memory.running)
    running.push_back(attestation::to_json(event).set("words", in_words(event)));
  return running;
}

}  // namespace

Result<HttpResponse> ReferenceService::explain(const Call& call) {
  VEDETTE_TRY(const DeviceId id, DeviceId::parse(call.arguments.at(0)));
  Json explanation;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const Device device, known_device(unit, id));
    VEDETTE_TRY(explanation, explanation_of(unit, device));
    return {};
  }));
  return answer(explanation);
}

Result<Json> ReferenceService::explanation_of(UnitOfWork& unit, const Device& device) {
  VEDETTE_TRY(const AttestationState state, state_of(unit, device.id));
  VEDETTE_TRY(const auto witness, witness_of(unit, device.id, state));
  VEDETTE_TRY(const auto references, references_.find(unit, device));
  Json json;
  VEDETTE_TRY(const auto target, held_to(unit, device));
  json.set("device", device.id.str()).set("group", device.group.str());
  if (device.sku) json.set("sku", device.sku->str());
  json.set("held_to", words_of(target));
  json.set("at", to_rfc3339(state.at)).set("affirming", state.affirming);
  const attestation::DeviceMemory none;
  const auto& memory = witness.memory ? *witness.memory : none;
  VEDETTE_TRY(Json changes, boot_changes(unit, state, memory));
  json.set("changes", std::move(changes)).set("mismatches", mismatches_of(state, references.get()));
  attestation::set_findings(json, memory);
  json.set("running", running_of(memory));
  if (state.event_log) {
    VEDETTE_TRY(const auto alike, unit.attestations().count_alike(target, *state.event_log));
    json.set("booted_alike", alike);
  }
  // Of a device whose logs were not believed there is nothing that could be accepted, and what was
  // found by other values says nothing about these.
  const bool judged_by_these =
      references != nullptr && (memory.references == references->id || !witness.memory);
  json.set("judged_by_these", judged_by_these);
  if (!state.affirming && !memory.refusal && judged_by_these)
    json.set("accept",
             "vedette reference accept " + arguments_of(target) + " --from " + device.id.str());
  return json;
}

}  // namespace vedette::server
