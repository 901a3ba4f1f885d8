#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "attestation/appraisal/prediction.h"
#include "attestation/appraisal/reference_set.h"
#include "base/fd.h"
#include "cli/attest_commands.h"
#include "cli/attest_views.h"
#include "cli/command_line.h"
#include "codec/pe_image.h"

namespace vedette::cli {

namespace {

using attestation::Prediction;
using attestation::Statement;
using codec::Json;

constexpr std::size_t kMaxInitrdBytes = std::size_t{1} << 30U;

struct PredictOptions {
  std::string log;
  std::string kernel;
  std::string initrd;
  std::optional<std::string> command_line;
  std::string firmware_log;
  std::string db;
  std::string dbx;
  std::string bank = "sha256";
};

Json to_json(const std::vector<Statement>& statements) {
  Json::Array array;
  for (const Statement& statement : statements) {
    Json json;
    json.set("pcr", unsigned{statement.pcr}).set("category", statement.category);
    json.set("value", statement.value).set("words", statement.words);
    array.push_back(std::move(json));
  }
  return array;
}

Json to_json(const attestation::ReplacedEvent& event) {
  Json json;
  json.set("number", std::uint64_t{event.number}).set("pcr", unsigned{event.pcr});
  json.set("was", event.was).set("becomes", event.becomes);
  return json.set("words",
                  "PCR " + std::to_string(event.pcr) + ": " + event.was + " -> " + event.becomes);
}

Json to_json(const Prediction& prediction) {
  Json::Array events;
  for (const auto& event : prediction.events)
    events.push_back(to_json(event));
  Json::Array registers;
  for (const auto& change : prediction.registers) {
    Json json;
    json.set("pcr", unsigned{change.pcr}).set("was", to_hex(change.was));
    json.set("becomes", to_hex(change.becomes));
    registers.push_back(std::move(json));
  }
  // In the form of a reference set, ready to be merged into one.
  attestation::Accepted accepted;
  for (const Statement& statement : prediction.added)
    accepted[statement.category].insert(statement.value);
  Json references;
  references.set("boot", attestation::to_json(accepted));
  Json json;
  json.set("events", std::move(events)).set("registers", std::move(registers));
  json.set("added", to_json(prediction.added)).set("gone", to_json(prediction.gone));
  json.set("doubts", Json::Array(prediction.doubts.begin(), prediction.doubts.end()));
  return json.set("references", std::move(references));
}

Result<std::optional<Bytes>> read_if_named(const std::string& path, std::size_t most) {
  if (path.empty()) return std::nullopt;
  VEDETTE_TRY(Bytes content, read_file(path, most));
  return content;
}

Result<attestation::EventLog> read_log(const std::string& path) {
  VEDETTE_TRY(const Bytes octets, read_file(path, attestation::kMaxLogOctets));
  return attestation::parse_event_log(octets);
}

Result<void> predict(Environment& environment, const PredictOptions& options) {
  attestation::PlannedChange change;
  VEDETTE_TRY(change.kernel, read_if_named(options.kernel, codec::kMaxPeOctets));
  VEDETTE_TRY(change.initrd, read_if_named(options.initrd, kMaxInitrdBytes));
  change.command_line = options.command_line;
  if (!options.firmware_log.empty()) {
    VEDETTE_TRY(change.firmware, read_log(options.firmware_log));
  }
  for (const auto& [name, path] : {std::pair{"db", options.db}, std::pair{"dbx", options.dbx}}) {
    VEDETTE_TRY(auto lists, read_if_named(path, attestation::kMaxEventOctets));
    if (lists) change.databases.emplace(name, *std::move(lists));
  }
  VEDETTE_TRY(const auto log, read_log(options.log));
  VEDETTE_TRY(const Prediction prediction,
              attestation::predict(log, change, crypto::bank_named(options.bank).value()));
  const Json json = to_json(prediction);
  environment.output->result(json, prediction_view(json));
  return {};
}

}  // namespace

void add_attest_predict(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("predict", "what a planned change will measure");
  verb->footer(
      "Takes the event log of a device as it boots now and tells each register's value after\n"
      "another kernel, initial file system, command line, firmware or signature database, and\n"
      "which statements would have to be accepted first. With -o json, 'references' has them in\n"
      "the form of a reference set.\n"
      "Read what it does not foresee: order and number of the events are taken to stay.");
  const auto options = std::make_shared<PredictOptions>();
  verb->add_option("--log", options->log,
                   "the present event log (/sys/kernel/security/tpm0/binary_bios_measurements)")
      ->required();
  verb->add_option("--kernel", options->kernel, "the kernel to come: a PE image, as installed");
  verb->add_option("--initrd", options->initrd, "the initial file system to come, as installed");
  verb->add_option("--command-line", options->command_line,
                   "the command line to come, as /proc/cmdline will have it");
  verb->add_option("--firmware-log", options->firmware_log,
                   "the event log of a device that has the firmware to come: its PCR 0");
  verb->add_option(
      "--db", options->db,
      "the signature lists to come; without the four octets that efivarfs puts before");
  verb->add_option("--dbx", options->dbx, "the revocation lists to come, likewise");
  verb->add_option("--bank", options->bank, "whose registers and digests are told")
      ->check(CLI::IsMember({"sha256", "sha384"}))
      ->capture_default_str();
  on_call(*verb, choice,
          [options](Environment& environment) { return predict(environment, *options); });
}

}  // namespace vedette::cli
