#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "base/strong_id.h"
#include "cli/bundle_file.h"
#include "cli/command_line.h"
#include "cli/contract_file.h"
#include "cli/key_files.h"
#include "cli/operator_client.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/release_approval.h"
#include "cli/views.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr std::uint64_t kMaxRelease = (std::uint64_t{1} << 53U) - 1;
constexpr std::chrono::seconds kUploadTime{600};
constexpr const char* kPendingText =
    "no device gets it before another publisher approves it: 'vedette release approve'\n";

struct PublishOptions {
  std::string model;
  std::string bundle;
  std::string name;
  std::uint64_t number = 0;
  std::string tier;
  std::string key;
  std::string contract;
  std::string statement;  // where to keep it; empty: nowhere
  std::optional<std::uint64_t> never_below;
  std::vector<std::string> deltas;
  bool accept_widening = false;
};

struct ShowOptions {
  std::string name;
  std::uint64_t number = 0;
};

struct BlockOptions {
  std::string name;
  std::uint64_t number = 0;
  std::string reason;
};

Result<std::optional<release::RuntimeContract>> contract_of(const PublishOptions& options) {
  if (options.contract.empty()) return std::nullopt;
  VEDETTE_TRY(release::RuntimeContract contract, load_contract(options.contract));
  VEDETTE_CHECK(check_widening(contract, options.accept_widening));
  return contract;
}

Result<PreparedRelease> prepare(Environment& environment, const PublishOptions& options) {
  VEDETTE_TRY(const ModelName name, ModelName::parse(options.name));
  VEDETTE_TRY(const release::Tier tier, release::parse_tier(options.tier));
  VEDETTE_TRY(auto contract, contract_of(options));
  VEDETTE_TRY(const auto key,
              load_signing_key(options.key, environment.console, environment.operator_folder.keys));
  const PublishRequest request{.model_path = options.model,
                               .bundle_path = bundle_path(options.model, options.bundle),
                               .name = name,
                               .number = options.number,
                               .tier = tier,
                               .contract = std::move(contract),
                               .never_below = options.never_below,
                               .delta_paths = options.deltas};
  Progress progress(environment.console, *environment.output, "verifying " + options.model);
  return prepare_release(request, key, environment.clock.now(),
                         {.ignore = bundle_within(options.model, request.bundle_path),
                          .progress = [&progress](const release::HashProgress& at) {
                            progress.show(at.bytes_done, at.bytes_total);
                          }});
}

// What a server answers of a contract too.
Json contract_json(const release::RuntimeContract& contract, const crypto::Sha256Digest& sha256) {
  Json json;
  json.set("sha256", to_hex(sha256)).set("widenings", widenings_json(contract));
  return json;
}

Json summary(const PreparedRelease& prepared) {
  const release::ReleaseStatement& statement = prepared.statement;
  Json file;
  file.set("name", statement.file_name).set("sha256", to_hex(statement.file_sha256));
  file.set("size", statement.file_size);
  Json json;
  json.set("model", statement.model.str()).set("release", statement.number);
  json.set("tier", release::to_string(statement.tier));
  json.set("model_root", to_hex(statement.model_root)).set("file", std::move(file));
  json.set("issued_at", to_rfc3339(statement.issued_at));
  if (statement.never_below) json.set("never_below", *statement.never_below);
  Json::Array deltas;
  for (const PreparedDelta& delta : prepared.deltas)
    deltas.emplace_back(Json::Object{{"base_sha256", to_hex(delta.base_sha256)},
                                     {"sha256", to_hex(delta.sha256)},
                                     {"size", std::uint64_t{delta.octets.size()}}});
  if (!deltas.empty()) json.set("deltas", std::move(deltas));
  if (prepared.contract)
    json.set("contract", contract_json(*prepared.contract, *statement.contract_sha256));
  return json;
}

std::string published_text(const PreparedRelease& prepared) {
  const release::ReleaseStatement& statement = prepared.statement;
  std::string text =
      "published " + statement.model.str() + " release " + std::to_string(statement.number) +
      " for tier " + std::string(release::to_string(statement.tier)) + "\n" + "  root      " +
      to_hex(statement.model_root) + "\n" + "  file      " + to_hex(statement.file_sha256) + "\n";
  for (const PreparedDelta& delta : prepared.deltas)
    text += "  delta     " + size_text(delta.octets.size()) + ", from " +
            to_hex(delta.base_sha256) + "\n";
  if (!prepared.contract) return text;
  text += "  contract  " + to_hex(*statement.contract_sha256) + "\n";
  for (const std::string& sentence : release::widenings(*prepared.contract))
    text += "  wider     " + sentence + "\n";
  return text;
}

// The connection is opened before the model is read, so that a missing operator shows at once.
Result<void> publish(Environment& environment, const PublishOptions& options) {
  VEDETTE_TRY(auto client,
              OperatorClient::open(environment.http, environment.operator_folder, kUploadTime));
  VEDETTE_TRY(PreparedRelease prepared, prepare(environment, options));
  const release::ReleaseStatement& statement = prepared.statement;
  const std::string digest = to_hex(statement.file_sha256);
  if (!options.statement.empty())
    VEDETTE_CHECK(
        write_file_atomically(options.statement, as_bytes(prepared.statement_text), 0644));
  environment.output->note("uploading " + printable(statement.file_name) + ", " +
                           size_text(statement.file_size));
  VEDETTE_CHECK(client.put_octets("/v1/blobs/" + digest, std::move(prepared.file)));
  Json::Array deltas;
  for (PreparedDelta& delta : prepared.deltas) {
    VEDETTE_CHECK(client.put_octets("/v1/blobs/" + to_hex(delta.sha256), delta.octets));
    deltas.emplace_back(delta.statement);
  }
  Json body;
  body.set("bundle", prepared.bundle).set("statement", prepared.statement_text);
  if (prepared.contract_text) body.set("contract", *prepared.contract_text);
  if (!deltas.empty()) body.set("deltas", std::move(deltas));
  VEDETTE_TRY(const Json answer, client.post("/v1/releases", body));
  const bool pending = answer.find("pending") != nullptr;
  Json told = summary(prepared);
  if (pending) told.set("pending", true);
  environment.output->result(told, published_text(prepared) + (pending ? kPendingText : ""));
  return {};
}

Result<void> list(Environment& environment) {
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get("/v1/releases"));
  environment.output->result(answer, releases_view(answer));
  return {};
}

// As the list tells of a release: what was signed is for 'release approve' to read.
Json without_documents(const Json& answer) {
  Json told = Json::Object{};
  if (answer.if_object() == nullptr) return told;
  for (const auto& [name, value] : *answer.if_object()) {
    if (name == "bundle" || name == "statement" || name == "contract" || name == "approval")
      continue;
    told.set(name == "contract_summary" ? "contract" : name, value);
  }
  return told;
}

Result<void> show(Environment& environment, const ShowOptions& options) {
  VEDETTE_TRY(const ModelName name, ModelName::parse(options.name));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer,
              client.get("/v1/releases/" + name.str() + "/" + std::to_string(options.number)));
  const Json told = without_documents(answer);
  environment.output->result(told, facts_view(told));
  return {};
}

Result<void> block(Environment& environment, const BlockOptions& options) {
  VEDETTE_TRY(const ModelName name, ModelName::parse(options.name));
  const std::string number = std::to_string(options.number);
  Json body;
  body.set("reason", options.reason);
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_CHECK(client.post("/v1/releases/" + name.str() + "/" + number + "/block", body));
  Json json;
  json.set("model", name.str()).set("release", options.number).set("blocked", true);
  environment.output->result(
      json, "blocked " + name.str() + " release " + number + ": no device gets it any more\n");
  return {};
}

void add_publish(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("publish", "put a signed model into the registry");
  const auto options = std::make_shared<PublishOptions>();
  verb->add_option("model", options->model, "the model's file or folder, signed")->required();
  verb->add_option("--name", options->name, "the model's name in the registry")->required();
  verb->add_option("--release", options->number, "its number: 1 or more, and more than any before")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, kMaxRelease));
  verb->add_option("--tier", options->tier, "what a device must prove to get it")
      ->required()
      ->check(CLI::IsMember({"low", "medium", "high"}));
  verb->add_option("--key", options->key, "the private key that signs the release")->required();
  verb->add_option("--bundle", options->bundle, "its bundle (else where 'model sign' puts it)");
  verb->add_option("--contract", options->contract,
                   "its runtime contract (TOML; else the device's own limits apply)");
  verb->add_option("--statement", options->statement,
                   "keep the release statement here: 'vedette tuf add-target' lists it");
  verb->add_option("--never-below", options->never_below,
                   "the oldest release that devices may go back to if this one is blocked (else "
                   "they go back to none)")
      ->check(CLI::Range(std::uint64_t{1}, kMaxRelease));
  verb->add_option("--delta", options->deltas,
                   "what 'model delta --key' made, from a release that devices have (repeatable)");
  verb->add_flag("--accept-widening", options->accept_widening,
                 "publish though the contract widens the sandbox");
  on_call(*verb, choice,
          [options](Environment& environment) { return publish(environment, *options); });
}

void add_show(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("show", "one release, its contract and what that widens");
  const auto options = std::make_shared<ShowOptions>();
  verb->add_option("name", options->name, "the model's name")->required();
  verb->add_option("release", options->number, "the release's number")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, kMaxRelease));
  on_call(*verb, choice,
          [options](Environment& environment) { return show(environment, *options); });
}

void add_block(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("block", "give a release to nobody any more");
  const auto options = std::make_shared<BlockOptions>();
  verb->add_option("name", options->name, "the model's name")->required();
  verb->add_option("release", options->number, "the release's number")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, kMaxRelease));
  verb->add_option("--reason", options->reason, "why; it is kept in the log")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return block(environment, *options); });
}

}  // namespace

void add_release_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "release", "which signed models may run");
  add_publish(noun, choice);
  on_call(*noun.add_subcommand("list", "every release"), choice,
          [](Environment& environment) { return list(environment); });
  add_show(noun, choice);
  add_release_approval(noun, choice);
  add_block(noun, choice);
}

}  // namespace vedette::cli
