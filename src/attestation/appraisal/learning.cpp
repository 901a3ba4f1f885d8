#include "attestation/appraisal/learning.h"

#include <algorithm>

#include "attestation/event_log/boot_facts.h"
#include "attestation/ima/ima_replay.h"

namespace vedette::attestation {

namespace {

using codec::Json;
using Digests = std::map<std::string, std::set<std::string>>;

// Registers alone would be taken for what they are: whatever the device booted.
Result<void> check_believed(const Witness& witness) {
  if (!witness.memory || !witness.memory->refusal) return {};
  return refuse("REF-DISBELIEVED", "this device's logs were not believed, so nothing is accepted",
                describe(*witness.memory->refusal),
                "inspect the device, boot it anew and have it attest");
}

Result<std::vector<Statement>> boot_of(const Witness& witness) {
  if (!witness.event_log) return std::vector<Statement>{};
  VEDETTE_TRY(EventLog log, parse_event_log(*witness.event_log));
  VEDETTE_TRY(const auto boot,
              verify_event_log(std::move(log), quoted_registers(witness.state.registers),
                               {kImaPcr, witness.runtime_register}));
  VEDETTE_TRY(const BootFacts facts, read_boot_facts(boot));
  return boot_statements(boot, facts, witness.memory ? witness.memory->command_line : "");
}

struct ImaLists {
  Digests files;
  Digests buffers;
};

Result<ImaLists> ima_of(const Witness& witness) {
  ImaLists lists;
  const auto quoted = witness.state.registers.find(kImaPcr);
  if (witness.ima_list.empty() || quoted == witness.state.registers.end()) return lists;
  VEDETTE_TRY(ImaList list, parse_ima_binary(witness.ima_list));
  const codec::TpmAlgorithm bank = quoted->second.bank();
  const BootRegisters boot{{bank, quoted_registers(witness.state.registers).values}};
  VEDETTE_TRY(const auto advanced,
              advance(ImaReplay{.bank = bank, .value = {}, .boot_aggregate = {}}, std::move(list),
                      quoted->second.octets(), boot));
  for (const ImaEntry& entry : advanced->entries) {
    if (entry.violation || entry.path == kBootAggregate) continue;
    Digests& digests = entry.kind == ImaTemplate::buf ? lists.buffers : lists.files;
    digests[entry.path].insert(to_string(entry.digest));
  }
  return lists;
}

Json to_json_lists(const Digests& digests) {
  Json::Object object;
  for (const auto& [path, values] : digests)
    object.emplace_back(path, Json::Array(values.begin(), values.end()));
  return object;
}

void add_lists(Digests& digests, const Json& ima, std::string_view member) {
  const Json* const present = ima.find(member);
  if (present == nullptr || present->if_object() == nullptr) return;
  for (const auto& [path, list] : *present->if_object())
    for (const Json& value : *list.if_array())
      digests[path].insert(*value.if_string());
}

std::vector<Statement> running_of(const Witness& witness) {
  if (!witness.memory) return {};
  return runtime_statements(witness.memory->running, witness.runtime_register);
}

// Judged by that very set nothing was found in the list: it accepts all that is in it.
const Json* files_it_was_held_to(const Witness& witness, const Json* held_to) {
  if (held_to == nullptr || !witness.ima_list.empty() || !witness.memory) return nullptr;
  const auto set = parse_reference_set(*held_to);
  const bool was_accepted = set && witness.memory->references == set->id &&
                            witness.memory->ima.entries > 0 &&
                            !witness.memory->findings.contains(FindingSource::ima);
  return was_accepted ? held_to->find("ima") : nullptr;
}

ReferenceValues exact_of(const Witness& witness, bool has_ima, bool has_runtime) {
  ReferenceValues values;
  for (const auto& [pcr, value] : witness.state.registers) {
    if (pcr == kImaPcr && has_ima) continue;
    if (pcr == witness.runtime_register && has_runtime) continue;
    values.registers[pcr] = {value};
  }
  return values;
}

// The list is not kept of a device that was accepted; what was found is remembered.
void add_found(Digests& files, const Witness& witness) {
  if (!witness.memory || !witness.ima_list.empty()) return;
  for (const Finding& finding : witness.memory->first_findings())
    if (finding.source == FindingSource::ima && !finding.value.empty())
      files[finding.category].insert(finding.value);
}

void add_values(ReferenceValues& exact, const AttestationState& state) {
  for (auto& [pcr, accepted] : exact.registers) {
    const auto found = state.registers.find(pcr);
    if (found != state.registers.end() &&
        std::ranges::find(accepted, found->second) == accepted.end())
      accepted.push_back(found->second);
  }
}

Json ima_with(const Json& present, const ImaLists& lists, const Witness& witness) {
  Digests files = lists.files;
  Digests buffers = lists.buffers;
  add_lists(files, present, "files");
  add_lists(buffers, present, "buffers");
  add_found(files, witness);
  Json ima = present;
  ima.set("files", to_json_lists(files)).set("buffers", to_json_lists(buffers));
  return ima;
}

}  // namespace

Result<Json> learn_references(const Witness& witness, const Json* held_to) {
  VEDETTE_CHECK(check_believed(witness));
  VEDETTE_TRY(const auto boot, boot_of(witness));
  VEDETTE_TRY(const ImaLists ima, ima_of(witness));
  const bool has_runtime = witness.memory && witness.memory->runtime.records > 0;
  const Json* const believed = ima.files.empty() ? files_it_was_held_to(witness, held_to) : nullptr;
  Json set;
  if (boot.empty()) {
    const auto exact = exact_of(witness, !ima.files.empty() || believed != nullptr, has_runtime);
    if (!exact.registers.empty()) set.set("registers", to_json(exact));
  } else {
    Accepted accepted;
    learn(accepted, boot);
    set.set("boot", to_json(accepted));
  }
  if (!ima.files.empty()) set.set("ima", ima_with(Json::Object{}, ima, witness));
  if (believed != nullptr) set.set("ima", *believed);
  if (has_runtime) {
    Accepted accepted;
    learn_runtime(accepted, running_of(witness));
    set.set("runtime", to_json(accepted));
  }
  VEDETTE_CHECK(parse_reference_set(set));
  return set;
}

Result<Json> accept_also(const Json& present, const Witness& witness) {
  VEDETTE_CHECK(check_believed(witness));
  VEDETTE_TRY(ReferenceSet before, parse_reference_set(present));
  VEDETTE_TRY(const auto boot, boot_of(witness));
  VEDETTE_TRY(const ImaLists ima, ima_of(witness));
  Json set = present;
  if (!before.exact.registers.empty()) {
    add_values(before.exact, witness.state);
    set.set("registers", to_json(before.exact));
  }
  if (!before.boot.empty()) {
    learn(before.boot, boot);
    set.set("boot", to_json(before.boot));
  }
  if (before.ima != nullptr) set.set("ima", ima_with(*present.find("ima"), ima, witness));
  if (!before.runtime.empty()) {
    learn_runtime(before.runtime, running_of(witness));
    set.set("runtime", to_json(before.runtime));
  }
  VEDETTE_CHECK(parse_reference_set(set));
  return set;
}

Result<Json> accept_registers(const Json* present, const ReferenceValues& values) {
  ReferenceValues merged;
  if (present != nullptr) {
    VEDETTE_TRY(ReferenceSet before, parse_reference_set(*present));
    merged = std::move(before.exact);
  }
  for (const auto& [pcr, accepted] : values.registers)
    for (const auto& value : accepted) {
      auto& known = merged.registers[pcr];
      if (std::ranges::find(known, value) == known.end()) known.push_back(value);
    }
  Json set = present != nullptr ? *present : Json();
  set.set("registers", to_json(merged));
  VEDETTE_CHECK(parse_reference_set(set));
  return set;
}

}  // namespace vedette::attestation
