#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "attestation/appraisal/reference_set.h"
#include "base/fd.h"
#include "base/strong_id.h"
#include "cli/command_line.h"
#include "cli/corim_commands.h"
#include "cli/operator_client.h"
#include "cli/reference_target.h"
#include "cli/views.h"
#include "codec/toml.h"

namespace vedette::cli {

namespace {

using codec::Json;

// More values than a thousand programs of IMA's list make.
constexpr codec::JsonLimits kLimits{
    .max_bytes = attestation::kMaxReferenceBytes, .max_depth = 8, .max_values = 4'000'000};

struct ReferenceOptions {
  std::string group;
  std::optional<std::string> sku;
  std::string file;
  std::string device;
  std::string proposal;
};

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CLI-REFERENCE", "these are no reference values", std::move(cause),
                "'vedette -o json reference show GROUP' prints the form: registers with exact "
                "values, and what is accepted of boot, ima and runtime");
}

// As the server will read them, so that what it would refuse is not sent.
Result<Json> read_reference(const std::string& path) {
  VEDETTE_TRY(const Bytes content, read_file(path, attestation::kMaxReferenceBytes));
  auto json = path.ends_with(".toml") ? codec::parse_toml(as_text(content))
                                      : codec::parse_json(as_text(content), kLimits);
  if (!json) return malformed(path + ": " + describe(json.error()));
  if (const auto set = attestation::parse_reference_set(*json); !set)
    return malformed(path + ": " + describe(set.error()));
  return json;
}

Result<ReferenceTarget> target_of(const ReferenceOptions& options) {
  return reference_target(options.group, options.sku);
}

Result<void> show(Environment& environment, const ReferenceOptions& options) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(options));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get(target.path));
  environment.output->result(answer, reference_view(answer));
  return {};
}

Result<void> set(Environment& environment, const ReferenceOptions& options) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(options));
  VEDETTE_TRY(const Json values, read_reference(options.file));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.put(target.path, values));
  if (const auto proposed = proposal_words(target, answer))
    environment.output->result(answer, *proposed);
  else
    environment.output->result(
        values, "devices of " + target.words + " are now held to:\n" + reference_view(values));
  return {};
}

// Of the last verified quote of a device: instead of what was accepted, or beside it.
Result<void> take_from_device(Environment& environment, const ReferenceOptions& options,
                              const char* how, const char* told) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(options));
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  Json body;
  body.set("device", device.str());
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.post(target.path + how, body));
  const auto proposed = proposal_words(target, answer);
  environment.output->result(answer, proposed ? *proposed
                                              : "devices of " + target.words + told + device.str() +
                                                    " measured:\n" + reference_view(answer));
  return {};
}

// Where a proposal was taken from, as the server says.
std::string origin_words(const Json& answer) {
  if (answer.find("device") != nullptr)
    return ", from device " + printable(cell_of(answer, "device"));
  const Json* const manifest = answer.find("manifest");
  if (manifest == nullptr) return "";
  return ", from the manifest '" + printable(cell_of(*manifest, "id")) + "' that '" +
         printable(cell_of(*manifest, "signer")) + "' signed with key " +
         printable(cell_of(*manifest, "key_sha256"));
}

Result<void> show_proposal(Environment& environment, const ReferenceOptions& options) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(options));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get(target.path + "/proposal"));
  VEDETTE_TRY(const std::string proposer, answer.string("proposer"));
  VEDETTE_TRY(const Json* references, answer.object("references"));
  const auto words = proposal_words(target, answer).value_or("");
  environment.output->result(answer, "by " + proposer + origin_words(answer) + ":\n" +
                                         reference_view(*references) + "\n" + words);
  return {};
}

Result<void> approve(Environment& environment, const ReferenceOptions& options) {
  VEDETTE_TRY(const ReferenceTarget target, target_of(options));
  Json body;
  body.set("proposal", options.proposal);
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.post(target.path + "/approve", body));
  environment.output->result(
      answer, "devices of " + target.words + " are now held to:\n" + reference_view(answer));
  return {};
}

Result<void> learn(Environment& environment, const ReferenceOptions& options) {
  return take_from_device(environment, options, "/learn", " are now held to what ");
}

Result<void> accept(Environment& environment, const ReferenceOptions& options) {
  return take_from_device(environment, options, "/accept", " may now also be what ");
}

std::shared_ptr<ReferenceOptions> add_group(CLI::App* verb) {
  auto options = std::make_shared<ReferenceOptions>();
  verb->add_option("group", options->group, "the group's name")->required();
  verb->add_option("--sku", options->sku,
                   "the values of this SKU in it, which its devices are held to instead");
  return options;
}

void add_second_person(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("proposal", "what waits for a second operator's approval");
  auto options = add_group(verb);
  on_call(*verb, choice,
          [options](Environment& environment) { return show_proposal(environment, *options); });
  verb = noun.add_subcommand("approve", "put in force what another operator proposed");
  options = add_group(verb);
  verb->add_option("proposal", options->proposal, "its name, as 'proposal' prints it")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return approve(environment, *options); });
}

}  // namespace

void add_reference_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "reference", "what a group's devices must have measured");
  CLI::App* verb =
      noun.add_subcommand("show", "what is accepted: exact registers, boot, files, what runs");
  auto options = add_group(verb);
  on_call(*verb, choice,
          [options](Environment& environment) { return show(environment, *options); });
  verb = noun.add_subcommand("set", "replace them by those of a file");
  options = add_group(verb);
  verb->add_option("file", options->file,
                   "JSON, as 'show' prints it with -o json; or the same as TOML: NAME.toml")
      ->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return set(environment, *options); });
  verb = noun.add_subcommand("learn", "take them from a device's last verified quote");
  options = add_group(verb);
  verb->add_option("--from", options->device, "a device in a state known to be good")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return learn(environment, *options); });
  verb = noun.add_subcommand("accept", "accept beside them what a device measured last");
  verb->footer(
      "Everything that is accepted stays so: for a change that was meant, such as an update of\n"
      "firmware. 'vedette attest explain DEVICE' says what would be accepted.");
  options = add_group(verb);
  verb->add_option("--from", options->device, "a device that was changed as it should be")
      ->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return accept(environment, *options); });
  add_second_person(noun, choice);
  add_manifest_verbs(noun, choice);
}

}  // namespace vedette::cli
