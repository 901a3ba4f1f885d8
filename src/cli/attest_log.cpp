#include <array>
#include <memory>

#include <CLI/CLI.hpp>

#include "attestation/event_log/replay.h"
#include "attestation/event_log/words.h"
#include "attestation/ima/ima_replay.h"
#include "attestation/runtime_log/runtime_replay.h"
#include "base/fd.h"
#include "cli/attest_commands.h"
#include "cli/attest_views.h"
#include "cli/command_line.h"

namespace vedette::cli {

namespace {

using codec::Json;
using codec::TpmAlgorithm;

constexpr unsigned kHighestRegister = 23;
constexpr const char* kEventLog = "event-log";
constexpr const char* kIma = "ima";
constexpr const char* kRuntime = "runtime";

struct LogFileOptions {
  std::string file;
  std::string kind;
  unsigned runtime_register = 13;
  std::string bank;
};

// A log may be read whose registers cannot be told: then `registers` refuses.
struct ReadLog {
  Json json;
  Result<void> registers{};
};

// The first octets of a runtime log are those of record number 0's TLV, of IMA's list the register
// 10 little-endian; an event log begins with an event of PCR 0.
std::string kind_of(ByteView octets) {
  constexpr std::array<std::uint8_t, 5> kRecordNumber{0, 0, 0, 0, 8};
  constexpr std::array<std::uint8_t, 4> kImaRegister{attestation::kImaPcr, 0, 0, 0};
  const auto begins_with = [octets](ByteView prefix) {
    return octets.size() >= prefix.size() && equal(octets.first(prefix.size()), prefix);
  };
  if (begins_with(kRecordNumber)) return kRuntime;
  if (begins_with(kImaRegister)) return kIma;
  return kEventLog;
}

Json event_json(std::uint64_t number, std::uint8_t pcr, std::string words) {
  Json json;
  json.set("number", number).set("pcr", unsigned{pcr});
  return json.set("words", std::move(words));
}

Json log_json(const std::string& kind, Json::Array events, TpmAlgorithm bank) {
  Json json;
  json.set("kind", kind).set("events", std::move(events));
  json.set("bank", attestation::name_of_bank(bank));
  return json.set("registers", Json::Object{});
}

// What was asked for; else SHA-256 where the log has it, else what it has.
TpmAlgorithm bank_of(const attestation::EventLog& log, const std::string& asked) {
  if (const auto bank = crypto::bank_named(asked)) return *bank;
  return log.has_bank(TpmAlgorithm::sha256) || log.banks.empty() ? TpmAlgorithm::sha256
                                                                 : log.banks.front();
}

Json firmware_event(const attestation::Event& event) {
  Json json = event_json(event.number, event.pcr, attestation::in_words(event));
  Json::Object digests;
  for (const auto& digest : event.digests)
    if (codec::digest_size(digest.bank) != 0)
      digests.emplace_back(attestation::name_of_bank(digest.bank), to_hex(digest.value));
  return json.set("type", attestation::name_of(event.type)).set("digests", std::move(digests));
}

Result<ReadLog> read_event_log(ByteView octets, const std::string& asked) {
  VEDETTE_TRY(const auto log, attestation::parse_event_log(octets));
  Json::Array events;
  for (const attestation::Event& event : log.events)
    events.push_back(firmware_event(event));
  const TpmAlgorithm bank = bank_of(log, asked);
  ReadLog read{log_json(kEventLog, std::move(events), bank)};
  const auto replayed = attestation::replay(log, bank);
  if (!replayed) {
    read.registers = std::unexpected(replayed.error());
    return read;
  }
  Json::Object registers;
  for (const std::uint8_t pcr : replayed->extended())
    registers.emplace_back(std::to_string(pcr), to_hex(replayed->value(pcr)));
  read.json.set("registers", std::move(registers));
  return read;
}

std::string ima_words(const attestation::ImaEntry& entry) {
  const std::string name =
      std::string(attestation::to_string(entry.kind)) + " " + attestation::shown(entry.path);
  if (entry.violation) return name + ", open for writing while it was measured: no digest";
  std::string words = name + " " + attestation::to_string(entry.digest);
  if (entry.kind == attestation::ImaTemplate::buf)
    words += ", " + std::to_string(entry.buffer.size()) + " octets";
  if (!entry.signature.empty()) words += ", signed";
  return words;
}

Result<ReadLog> read_ima(ByteView octets, TpmAlgorithm bank) {
  VEDETTE_TRY(const auto list, attestation::parse_ima_binary(octets));
  Json::Array events;
  Bytes value(codec::digest_size(bank), 0);
  for (const attestation::ImaEntry& entry : list.entries) {
    value = attestation::extended(bank, value, attestation::template_digest(entry, bank));
    Json json = event_json(events.size() + 1, attestation::kImaPcr, ima_words(entry));
    json.set("path", attestation::shown(entry.path)).set("violation", entry.violation);
    if (!entry.violation) json.set("digest", attestation::to_string(entry.digest));
    events.push_back(std::move(json));
  }
  ReadLog read{log_json(kIma, std::move(events), bank)};
  read.json.set("registers",
                Json::Object{{std::to_string(attestation::kImaPcr), Json(to_hex(value))}});
  return read;
}

Result<ReadLog> read_runtime(ByteView octets, std::uint8_t pcr, TpmAlgorithm bank) {
  VEDETTE_TRY(const auto log, attestation::parse_runtime_log(octets, 0, pcr));
  Json::Array events;
  crypto::BankDigest value(bank);
  Result<void> known{};
  for (const attestation::RuntimeRecord& record : log.records) {
    const crypto::BankDigest* const digest = record.digest(bank);
    if (digest != nullptr)
      value = value.extended(*digest);
    else
      known = refuse("ATT-RUNTIME-LOG-BANK", "the runtime log has no digests of this bank",
                     std::string(attestation::name_of_bank(bank)));
    Json json = event_json(events.size() + 1, pcr, attestation::in_words(record.event));
    json.set("kind", attestation::to_string(record.event.kind)).set("name", record.event.name);
    json.set("digest", to_hex(record.event.digest));
    const auto& powers = record.event.powers;
    json.set("powers", Json::Array(powers.begin(), powers.end()));
    events.push_back(std::move(json));
  }
  ReadLog read{log_json(kRuntime, std::move(events), bank), std::move(known)};
  if (read.registers)
    read.json.set("registers", Json::Object{{std::to_string(pcr), Json(to_hex(value.octets()))}});
  return read;
}

Result<ReadLog> read_log(ByteView octets, const LogFileOptions& options) {
  const std::string kind = options.kind.empty() ? kind_of(octets) : options.kind;
  const TpmAlgorithm bank = crypto::bank_named(options.bank).value_or(TpmAlgorithm::sha256);
  if (kind == kIma) return read_ima(octets, bank);
  if (kind == kRuntime)
    return read_runtime(octets, static_cast<std::uint8_t>(options.runtime_register), bank);
  return read_event_log(octets, options.bank);
}

Result<void> show(Environment& environment, const LogFileOptions& options) {
  VEDETTE_TRY(const Bytes octets, read_file(options.file, attestation::kMaxImaListBytes));
  VEDETTE_TRY(const ReadLog read, read_log(octets, options));
  environment.output->result(read.json, log_view(read.json));
  return read.registers;
}

}  // namespace

void add_attest_log(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("log", "a measurement log in words");
  verb->footer(
      "One line for each event, and the registers' values that such events make (PCR). Nothing\n"
      "vouches for a file: only a quote of the same values says that a device measured this.");
  const auto options = std::make_shared<LogFileOptions>();
  verb->add_option("file", options->file,
                   "binary_bios_measurements, IMA's binary_runtime_measurements, or the agent's "
                   "runtime log")
      ->required();
  verb->add_option("--kind", options->kind, "which of them; by its first octets otherwise")
      ->check(CLI::IsMember({kEventLog, kIma, kRuntime}));
  verb->add_option("--bank", options->bank, "whose registers are told: sha256 or sha384")
      ->check(CLI::IsMember({"sha256", "sha384"}));
  verb->add_option("--runtime-register", options->runtime_register,
                   "the PCR that the agent's log extends")
      ->check(CLI::Range(0U, kHighestRegister))
      ->capture_default_str();
  on_call(*verb, choice,
          [options](Environment& environment) { return show(environment, *options); });
}

}  // namespace vedette::cli
