#include "cli/corim_commands.h"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "attestation/appraisal/reference_set.h"
#include "attestation/corim/environment_json.h"
#include "attestation/corim/register_values.h"
#include "base/fd.h"
#include "cli/command_line.h"
#include "cli/corim_view.h"
#include "cli/key_files.h"
#include "cli/operator_client.h"
#include "cli/reference_target.h"
#include "cli/views.h"
#include "codec/base64.h"

namespace vedette::cli {

namespace {

namespace corim = attestation::corim;
using codec::Json;
using corim::Corim;

constexpr std::size_t kMaxManifest = std::size_t{1} << 20U;
constexpr std::size_t kMaxEnvironment = std::size_t{64} << 10U;
constexpr std::size_t kMostListed = 8;
constexpr unsigned kManifestFile = 0644;
constexpr int kMostDays = 3650;

struct ManifestOptions {
  std::string group;
  std::optional<std::string> sku;
  std::string file;
  std::string vendor;
  std::string model;
  std::string environment;
  std::string key;
  std::string signer;
  std::string id;
  int days = 365;
  std::vector<std::string> signers;
};

bool fits(const corim::Environment& environment, const ManifestOptions& options) {
  return (options.vendor.empty() || environment.vendor == options.vendor) &&
         (options.model.empty() || environment.model == options.model);
}

std::vector<corim::Environment> environments_of(const Corim& manifest,
                                                const ManifestOptions& options) {
  std::vector<corim::Environment> found;
  for (const auto& triple : manifest.reference)
    if (fits(triple.environment, options) &&
        std::ranges::find(found, triple.environment) == found.end())
      found.push_back(triple.environment);
  return found;
}

std::string listed(const std::vector<corim::Environment>& environments) {
  std::string list;
  for (std::size_t i = 0; i < std::min(environments.size(), kMostListed); ++i)
    list += (i == 0 ? "" : "; ") + in_words(environments[i]);
  return environments.size() > kMostListed ? list + "; ..." : list;
}

// The one that the line names. The server takes it at its word, and finds it in the manifest or
// not.
Result<corim::Environment> chosen_environment(const Corim& manifest,
                                              const ManifestOptions& options) {
  if (!options.environment.empty()) {
    VEDETTE_TRY(const Bytes content, read_file(options.environment, kMaxEnvironment));
    const auto json = codec::parse_json(as_text(content));
    auto named = json ? corim::parse_environment(*json)
                      : Result<corim::Environment>(std::unexpected(json.error()));
    if (!named)
      return refuse("CLI-ENVIRONMENT", "the file names no environment", describe(named.error()),
                    R"(write for example {"vendor":"ACME","model":"drone"})");
    return named;
  }
  const auto found = environments_of(manifest, options);
  if (found.size() == 1) return found.front();
  if (found.empty())
    return refuse("CLI-ENVIRONMENT", "the manifest has reference values for no such environment",
                  listed(environments_of(manifest, {})), "'vedette reference inspect FILE'");
  return refuse("CLI-ENVIRONMENT", "the manifest has reference values for several environments",
                listed(found), "name one: --vendor and --model, or --environment FILE");
}

std::string newly_exact_words(const Json& told) {
  const auto registers = told.array("newly_exact");
  if (!registers || (*registers)->if_array()->empty()) return "";
  std::string list;
  for (const Json& pcr : *(*registers)->if_array())
    list += (list.empty() ? " " : ", ") + codec::to_json(pcr);
  return "held to exact values from now on: PCR" + list + "\n";
}

// What is read here is not believed: the server verifies the same octets.
Result<void> import_manifest(Environment& environment, const ManifestOptions& options) {
  VEDETTE_TRY(const auto target, reference_target(options.group, options.sku));
  VEDETTE_TRY(const Bytes octets, read_file(options.file, kMaxManifest));
  VEDETTE_TRY(const Corim manifest, corim::read_unverified_corim(octets));
  VEDETTE_TRY(const auto chosen, chosen_environment(manifest, options));
  Json body;
  body.set("manifest", codec::to_base64(octets)).set("environment", corim::to_json(chosen));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.post(target.path + "/import", body));
  VEDETTE_TRY(const Json* references, answer.object("references"));
  VEDETTE_TRY(const Json* told, answer.object("manifest"));
  const std::string whose = "'" + printable(cell_of(*told, "signer")) + "' (key " +
                            printable(cell_of(*told, "key_sha256")) + ") says for " +
                            in_words(chosen);
  const auto proposed = proposal_words(target, answer);
  environment.output->result(
      answer, proposed
                  ? "what " + whose + "\n" + *proposed
                  : "devices of " + target.words + " may now also have measured what " + whose +
                        ":\n" + reference_view(*references) + newly_exact_words(*told));
  return {};
}

// A manifest holds values of registers alone; what else the set has is named.
Result<attestation::ReferenceValues> registers_of(const Json& set, Json::Array& left_out) {
  if (set.if_object() != nullptr)
    for (const auto& [member, content] : *set.if_object())
      if (member != "registers") left_out.emplace_back(member);
  const Json* const registers = set.find("registers");
  if (registers == nullptr)
    return refuse("CLI-REFERENCE", "a manifest holds values of registers, and this set has none",
                  "it has: " + cell_of(Json::Object{{"members", Json(left_out)}}, "members"),
                  "'vedette -o json reference show GROUP' writes the whole set");
  return attestation::parse_registers(*registers);
}

Result<Corim> manifest_of(const attestation::ReferenceValues& values, const std::string& name,
                          const std::string& digest, TimePoint now,
                          const ManifestOptions& options) {
  Corim manifest;
  manifest.id = options.id.empty() ? name + " " + digest : options.id;
  manifest.tags = {{.id = manifest.id}};
  manifest.validity =
      corim::Validity{.not_before = now, .not_after = now + std::chrono::days(options.days)};
  const corim::Environment environment{
      .vendor = options.vendor.empty() ? options.signer : options.vendor,
      .model = options.model.empty() ? name : options.model};
  VEDETTE_CHECK(corim::parse_environment(corim::to_json(environment)));  // as an import will
  manifest.reference = corim::register_triples(environment, values);
  return manifest;
}

Result<void> export_manifest(Environment& environment, const ManifestOptions& options) {
  VEDETTE_TRY(const auto target, reference_target(options.group, options.sku));
  VEDETTE_TRY(const auto key,
              load_signing_key(options.key, environment.console, environment.operator_folder.keys));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json set, client.get(target.path));
  Json::Array left_out;
  VEDETTE_TRY(const auto values, registers_of(set, left_out));
  const std::string digest = to_hex(crypto::sha256(as_bytes(codec::to_json(set))));
  VEDETTE_TRY(const Corim manifest,
              manifest_of(values, target.name, digest, environment.clock.now(), options));
  VEDETTE_TRY(const Bytes written, corim::write_corim(manifest));
  VEDETTE_TRY(const Bytes octets, corim::sign_corim(written, {.name = options.signer}, key));
  VEDETTE_CHECK(write_file_atomically(options.file, octets, kManifestFile));
  Json json;
  json.set("file", options.file).set("sha256", to_hex(crypto::sha256(octets)));
  json.set("key_sha256", to_hex(key.public_key().spki_sha256()));
  const std::string missing = cell_of(Json::Object{{"members", Json(left_out)}}, "members");
  json.set("manifest", corim_json(manifest)).set("left_out", std::move(left_out));
  environment.output->result(
      json, "wrote " + options.file + ", signed by '" + printable(options.signer) + "'\n" +
                corim_view(manifest) +
                (missing == "-" ? ""
                                : "NOT in it, because a manifest holds registers alone: " +
                                      printable(missing) + "\n"));
  return {};
}

std::string standing_of(const Corim& manifest) {
  if (manifest.key) return "genuine, and valid now";
  if (manifest.signer) return "UNVERIFIED: give --signer KEY to check who signed it";
  return "NOT SIGNED";
}

Result<void> inspect(Environment& environment, const ManifestOptions& options) {
  VEDETTE_TRY(const Bytes octets, read_file(options.file, kMaxManifest));
  VEDETTE_TRY(const auto signers, load_public_keys(options.signers));
  VEDETTE_TRY(Corim manifest, corim::read_unverified_corim(octets));
  if (!signers.empty()) {
    VEDETTE_TRY(const auto verified, corim::verify_corim(octets, {.trusted_signers = signers,
                                                                  .now = environment.clock.now()}));
    manifest = *verified;
  }
  Json json;
  json.set("verified", !signers.empty()).set("signed", manifest.signer.has_value());
  json.set("sha256", to_hex(crypto::sha256(octets)));
  const Json told = corim_json(manifest);
  for (const auto& [name, value] : *told.if_object())
    json.set(name, value);
  environment.output->result(json, standing_of(manifest) + "\n" + corim_view(manifest));
  return {};
}

void add_target(CLI::App& verb, ManifestOptions& options) {
  verb.add_option("group", options.group, "the group's name")->required();
  verb.add_option("--sku", options.sku, "the values of this SKU in it");
}

void add_import(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("import", "accept what a signed manifest (CoRIM) says");
  verb->footer(
      "Whose manifests are believed is the server's configuration: attestation.manifest_signers.\n"
      "The values are accepted beside those that are; a register that had none is held to these.");
  const auto options = std::make_shared<ManifestOptions>();
  add_target(*verb, *options);
  verb->add_option("file", options->file, "the manifest, COSE_Sign1")->required();
  verb->add_option("--vendor", options->vendor, "the environment whose values are meant, where");
  verb->add_option("--model", options->model, "a manifest has several");
  verb->add_option("--environment", options->environment, "the same, as JSON, all of it");
  on_call(*verb, choice,
          [options](Environment& environment) { return import_manifest(environment, *options); });
}

void add_export(CLI::App& noun, Choice& choice) {
  CLI::App* verb =
      noun.add_subcommand("export", "write the registers' values as a signed manifest");
  const auto options = std::make_shared<ManifestOptions>();
  add_target(*verb, *options);
  verb->add_option("file", options->file, "where the manifest goes")->required();
  verb->add_option("--key", options->key, "the private key that signs")->required();
  verb->add_option("--signer", options->signer, "who says it")->required();
  verb->add_option("--vendor", options->vendor, "of the environment (else the signer)");
  verb->add_option("--model", options->model, "of the environment (else GROUP, or GROUP/SKU)");
  verb->add_option("--id", options->id, "of the manifest (else the target and the set's SHA-256)");
  verb->add_option("--days", options->days, "how long it is valid (else 365)")
      ->check(CLI::Range(1, kMostDays));
  on_call(*verb, choice,
          [options](Environment& environment) { return export_manifest(environment, *options); });
}

void add_inspect(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("inspect", "say what a manifest says, without a server");
  const auto options = std::make_shared<ManifestOptions>();
  verb->add_option("file", options->file, "the manifest")->required();
  verb->add_option("--signer", options->signers, "public keys (PEM): one of them must have signed");
  on_call(*verb, choice,
          [options](Environment& environment) { return inspect(environment, *options); });
}

}  // namespace

void add_manifest_verbs(CLI::App& reference, Choice& choice) {
  add_import(reference, choice);
  add_export(reference, choice);
  add_inspect(reference, choice);
}

}  // namespace vedette::cli
