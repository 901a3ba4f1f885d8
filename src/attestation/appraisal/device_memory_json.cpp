// DeviceMemory in the verifier's own store: written by us, and still read as if it were not.
#include <algorithm>
#include <limits>

#include "attestation/appraisal/device_memory.h"
#include "attestation/measurement/register_bank.h"
#include "codec/base64.h"

namespace vedette::attestation {

namespace {

using codec::Json;
using crypto::Sha256Digest;

std::unexpected<Error> refuse_memory(std::string cause) {
  return refuse("ATT-MEMORY", "what is remembered of a device cannot be read", std::move(cause),
                "the device's next attestation begins anew");
}

Json array_of(const auto& values) {
  Json::Array array;
  for (const auto& value : values)
    array.push_back(to_json(value));
  return array;
}

Result<Sha256Digest> read_digest(const Json& json, std::string_view member) {
  VEDETTE_TRY(const std::string text, json.string(member));
  const auto bytes = codec::from_hex(text);
  Sha256Digest digest{};
  if (!bytes || bytes->size() != digest.size()) return refuse_memory(std::string(member));
  std::ranges::copy(*bytes, digest.begin());
  return digest;
}

Result<std::optional<Sha256Digest>> read_optional_digest(const Json& json,
                                                         std::string_view member) {
  if (json.find(member) == nullptr) return std::nullopt;
  VEDETTE_TRY(const Sha256Digest digest, read_digest(json, member));
  return digest;
}

template <class Number>
Result<Number> read_number(const Json& json, std::string_view member) {
  VEDETTE_TRY(const std::int64_t value, json.integer(member));
  if (!std::in_range<Number>(value)) return refuse_memory(std::string(member));
  return static_cast<Number>(value);
}

Result<TrustClaim> read_claim(const Json& json) {
  VEDETTE_TRY(const std::string text, json.string("claim"));
  for (std::size_t i = 0; i < kTrustClaims; ++i)
    if (to_string(static_cast<TrustClaim>(i)) == text) return static_cast<TrustClaim>(i);
  return refuse_memory("claim");
}

Result<Finding> read_finding(const Json& json) {
  Finding finding;
  VEDETTE_TRY(const std::string source, json.string("source"));
  const auto known = finding_source(source);
  if (!known) return refuse_memory("source");
  finding.source = *known;
  VEDETTE_TRY(finding.category, json.string("category"));
  VEDETTE_TRY(finding.value, json.string("value"));
  VEDETTE_TRY(finding.pcr, read_number<std::uint8_t>(json, "pcr"));
  VEDETTE_TRY(finding.claim, read_claim(json));
  VEDETTE_TRY(finding.trust, read_number<std::int8_t>(json, "trust"));
  VEDETTE_TRY(finding.words, json.string("words"));
  return finding;
}

// What people read says the kind by its name too.
Json remembered(const RuntimeEvent& event) {
  Json json;
  json.set("number", static_cast<unsigned>(event.kind)).set("name", event.name);
  json.set("digest", to_hex(event.digest));
  if (!event.powers.empty())
    json.set("powers", Json::Array(event.powers.begin(), event.powers.end()));
  return json;
}

Json remembered(const std::vector<RuntimeEvent>& events) {
  Json::Array array;
  array.reserve(events.size());
  for (const RuntimeEvent& event : events)
    array.push_back(remembered(event));
  return array;
}

Result<RuntimeEvent> read_event(const Json& json) {
  RuntimeEvent event;
  VEDETTE_TRY(const auto kind, read_number<std::uint8_t>(json, "number"));
  const auto known = runtime_event_kind(kind);
  if (!known) return refuse_memory("number");
  event.kind = *known;
  VEDETTE_TRY(event.name, json.string("name"));
  VEDETTE_TRY(event.digest, read_digest(json, "digest"));
  if (json.find("powers") == nullptr) return event;
  VEDETTE_TRY(const Json* powers, json.array("powers"));
  for (const Json& power : *powers->if_array()) {
    if (power.if_string() == nullptr) return refuse_memory("powers");
    event.powers.push_back(*power.if_string());
  }
  return event;
}

template <class T>
Result<std::vector<T>> read_list(const Json& json, std::string_view member,
                                 Result<T> (*read)(const Json&)) {
  VEDETTE_TRY(const Json* list, json.array(member));
  std::vector<T> values;
  for (const Json& one : *list->if_array()) {
    VEDETTE_TRY(T value, read(one));
    values.push_back(std::move(value));
  }
  return values;
}

Json to_json(const LogFindings& findings) {
  Json worst{Json::Object{}};
  for (std::size_t i = 0; i < kTrustClaims; ++i) {
    const auto claim = static_cast<TrustClaim>(i);
    if (findings.worst[claim] != 0)
      worst.set(std::string(to_string(claim)), int{findings.worst[claim]});
  }
  Json json;
  json.set("first", array_of(findings.first)).set("total", findings.total);
  return json.set("worst", std::move(worst));
}

// A log that was found against is one with findings, and with a claim that says so: else what is
// stored could read as nothing found.
Result<LogFindings> read_log_findings(const Json& json) {
  LogFindings findings;
  VEDETTE_TRY(findings.first, read_list<Finding>(json, "first", read_finding));
  VEDETTE_TRY(findings.total, read_number<std::uint64_t>(json, "total"));
  VEDETTE_TRY(const Json* worst, json.object("worst"));
  for (std::size_t i = 0; i < kTrustClaims; ++i) {
    const auto claim = static_cast<TrustClaim>(i);
    const std::string name(to_string(claim));
    if (worst->find(name) == nullptr) continue;
    VEDETTE_TRY(const auto value, read_number<std::int8_t>(*worst, name));
    findings.worst.set(claim, value);
  }
  if (findings.total == 0 || findings.worst.worst() < TrustTier::warning)
    return refuse_memory("findings");
  return findings;
}

Result<std::map<FindingSource, LogFindings>> read_findings(const Json& json) {
  VEDETTE_TRY(const Json* object, json.object("findings"));
  std::map<FindingSource, LogFindings> findings;
  for (const auto& [name, value] : *object->if_object()) {
    const auto source = finding_source(name);
    if (!source) return refuse_memory("findings");
    VEDETTE_TRY(findings[*source], read_log_findings(value));
  }
  return findings;
}

Result<std::set<RuntimeEventKind>> read_measured(const Json& json) {
  VEDETTE_TRY(const Json* list, json.array("measured"));
  std::set<RuntimeEventKind> kinds;
  for (const Json& one : *list->if_array()) {
    const std::int64_t* const number = one.if_integer();
    if (number == nullptr || !std::in_range<std::uint8_t>(*number))
      return refuse_memory("measured");
    const auto kind = runtime_event_kind(static_cast<std::uint8_t>(*number));
    if (!kind) return refuse_memory("measured");
    kinds.insert(*kind);
  }
  return kinds;
}

Json to_json(const Error& refusal) {
  Json json;
  json.set("code", refusal.code).set("message", refusal.message);
  return json.set("cause", refusal.cause).set("hint", refusal.hint);
}

Result<std::optional<Error>> read_refusal(const Json& json) {
  if (json.find("refusal") == nullptr) return std::nullopt;
  VEDETTE_TRY(const Json* object, json.object("refusal"));
  Error refusal;
  VEDETTE_TRY(refusal.code, object->string("code"));
  VEDETTE_TRY(refusal.message, object->string("message"));
  VEDETTE_TRY(refusal.cause, object->string("cause"));
  VEDETTE_TRY(refusal.hint, object->string("hint"));
  return refusal;
}

Json to_json(const ImaReplay& replay) {
  Json json;
  json.set("bank", name_of_bank(replay.bank));
  json.set("entries", replay.entries).set("value", to_hex(replay.value));
  if (!replay.boot_aggregate.octets.empty())
    json.set("boot_aggregate", to_string(replay.boot_aggregate));
  return json;
}

Result<codec::TpmAlgorithm> read_bank(const Json& json) {
  VEDETTE_TRY(const std::string name, json.string("bank"));
  const auto bank = crypto::bank_named(name);
  if (!bank) return refuse_memory("bank");
  return *bank;
}

Result<crypto::BankDigest> read_bank_digest(const Json& json, std::string_view member) {
  VEDETTE_TRY(const std::string text, json.string(member));
  const auto digest = crypto::parse_bank_digest(text);
  if (!digest) return refuse_memory(std::string(member));
  return *digest;
}

Result<ImaReplay> read_ima(const Json& json) {
  ImaReplay replay;
  VEDETTE_TRY(replay.bank, read_bank(json));
  VEDETTE_TRY(replay.entries, read_number<std::uint64_t>(json, "entries"));
  VEDETTE_TRY(const std::string value, json.string("value"));
  VEDETTE_TRY(replay.value, codec::from_hex(value));
  if (json.find("boot_aggregate") == nullptr) return replay;
  VEDETTE_TRY(const std::string aggregate, json.string("boot_aggregate"));
  VEDETTE_TRY(replay.boot_aggregate, parse_file_digest(aggregate));
  return replay;
}

// Most devices are as they were when they were last accepted: that is said once.
bool is_good(const DeviceMemory& memory) {
  return memory.good_event_log == memory.event_log &&
         memory.good_command_line == memory.command_line && memory.good_running == memory.running;
}

void write_good(Json& json, const DeviceMemory& memory) {
  if (is_good(memory)) {
    json.set("good", "present");
    return;
  }
  if (memory.good_event_log) json.set("good_event_log", to_hex(*memory.good_event_log));
  json.set("good_command_line", memory.good_command_line);
  json.set("good_running", remembered(memory.good_running));
}

Result<void> read_good(const Json& json, DeviceMemory& memory) {
  if (json.find("good") != nullptr) {
    VEDETTE_TRY(const std::string which, json.string("good"));
    if (which != "present") return refuse_memory("good: " + which);
    memory.good_event_log = memory.event_log;
    memory.good_command_line = memory.command_line;
    memory.good_running = memory.running;
    return {};
  }
  VEDETTE_TRY(memory.good_event_log, read_optional_digest(json, "good_event_log"));
  VEDETTE_TRY(memory.good_command_line, json.string("good_command_line"));
  VEDETTE_TRY(memory.good_running, read_list<RuntimeEvent>(json, "good_running", read_event));
  return {};
}

}  // namespace

Json to_json(const Finding& finding) {
  Json json;
  json.set("source", to_string(finding.source)).set("category", finding.category);
  json.set("value", finding.value).set("pcr", unsigned{finding.pcr});
  json.set("claim", to_string(finding.claim)).set("trust", int{finding.trust});
  json.set("words", finding.words);
  return json;
}

void set_findings(Json& json, const DeviceMemory& memory) {
  if (memory.refusal) json.set("refusal", to_json(*memory.refusal));
  json.set("findings", array_of(memory.first_findings()));
  json.set("findings_total", memory.total_findings());
}

Json to_json(const RuntimeEvent& event) {
  Json json;
  json.set("kind", to_string(event.kind)).set("number", static_cast<unsigned>(event.kind));
  json.set("name", event.name).set("digest", to_hex(event.digest));
  json.set("powers", Json::Array(event.powers.begin(), event.powers.end()));
  return json;
}

Json to_json(const DeviceMemory& memory) {
  Json json;
  json.set("references", to_hex(memory.references));
  if (memory.event_log) json.set("event_log", to_hex(*memory.event_log));
  json.set("command_line", memory.command_line);
  json.set("ima", to_json(memory.ima));
  Json runtime;
  runtime.set("records", memory.runtime.records).set("value", to_string(memory.runtime.value));
  json.set("runtime", std::move(runtime));
  Json findings{Json::Object{}};
  for (const auto& [source, found] : memory.findings)
    findings.set(std::string(to_string(source)), to_json(found));
  json.set("findings", std::move(findings));
  Json::Array measured;
  for (const RuntimeEventKind kind : memory.measured)
    measured.emplace_back(static_cast<unsigned>(kind));
  json.set("measured", std::move(measured));
  if (memory.refusal) json.set("refusal", to_json(*memory.refusal));
  json.set("running", remembered(memory.running));
  write_good(json, memory);
  return json;
}

Result<DeviceMemory> parse_device_memory(const Json& json) {
  DeviceMemory memory;
  VEDETTE_TRY(memory.references, read_digest(json, "references"));
  VEDETTE_TRY(memory.event_log, read_optional_digest(json, "event_log"));
  VEDETTE_TRY(memory.command_line, json.string("command_line"));
  VEDETTE_TRY(const Json* ima, json.object("ima"));
  VEDETTE_TRY(memory.ima, read_ima(*ima));
  VEDETTE_TRY(const Json* runtime, json.object("runtime"));
  VEDETTE_TRY(memory.runtime.records, read_number<std::uint64_t>(*runtime, "records"));
  VEDETTE_TRY(memory.runtime.value, read_bank_digest(*runtime, "value"));
  VEDETTE_TRY(memory.findings, read_findings(json));
  VEDETTE_TRY(memory.measured, read_measured(json));
  VEDETTE_TRY(memory.refusal, read_refusal(json));
  VEDETTE_TRY(memory.running, read_list<RuntimeEvent>(json, "running", read_event));
  VEDETTE_CHECK(read_good(json, memory));
  return memory;
}

}  // namespace vedette::attestation
