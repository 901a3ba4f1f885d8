#include "cli/release_approval.h"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "cli/bundle_file.h"
#include "cli/key_files.h"
#include "cli/operator_client.h"
#include "release/model_tree.h"
#include "release/release_approval.h"

namespace vedette::cli {

namespace {

using codec::Json;

struct ApproveOptions {
  std::string name;
  std::uint64_t number = 0;
  std::string key;
  std::vector<std::string> publishers;
  std::string model;
};

// What another publisher signed, as the server has it; believed by that signature alone.
Result<release::VerifiedRelease> fetch_release(OperatorClient& client, const ModelName& name,
                                               const ApproveOptions& options) {
  VEDETTE_TRY(const auto publishers, load_public_keys(options.publishers));
  VEDETTE_TRY(const Json answer,
              client.get("/v1/releases/" + name.str() + "/" + std::to_string(options.number)));
  VEDETTE_TRY(const std::string bundle, answer.string("bundle"));
  VEDETTE_TRY(const std::string statement, answer.string("statement"));
  std::optional<std::string> contract;
  if (answer.find("contract") != nullptr) {
    VEDETTE_TRY(contract, answer.string("contract"));
  }
  VEDETTE_TRY(auto release, release::verify_release(bundle, statement, publishers, contract));
  if (release->model != name || release->number != options.number)
    return refuse("REL-OTHER", "the server answered with another release",
                  release->model.str() + " " + std::to_string(release->number));
  if (options.model.empty()) return release;
  const std::string path = bundle_path(options.model, {});
  VEDETTE_TRY(
      [[maybe_unused]] const auto verified,
      release::verify_model(options.model, bundle, publishers,
                            {.ignore = bundle_within(options.model, path), .progress = {}}));
  return release;
}

std::string approved_text(const release::VerifiedRelease& release) {
  std::string text =
      "approved " + release->model.str() + " release " + std::to_string(release->number) +
      " for tier " + std::string(release::to_string(release->tier)) + "\n  root      " +
      to_hex(release->model_root) + "\n  file      " + to_hex(release->file_sha256) + "\n";
  if (!release->contract) return text;
  text += "  contract  " + to_hex(*release->contract_sha256) + "\n";
  for (const std::string& sentence : release::widenings(**release->contract))
    text += "  wider     " + sentence + "\n";
  return text;
}

Result<void> approve(Environment& environment, const ApproveOptions& options) {
  VEDETTE_TRY(const ModelName name, ModelName::parse(options.name));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const auto release, fetch_release(client, name, options));
  VEDETTE_TRY(const auto key,
              load_signing_key(options.key, environment.console, environment.operator_folder.keys));
  VEDETTE_TRY(const std::string approval, release::sign_release_approval(release, key));
  Json body;
  body.set("approval", approval);
  VEDETTE_CHECK(client.post(
      "/v1/releases/" + name.str() + "/" + std::to_string(options.number) + "/approval", body));
  Json json;
  json.set("model", name.str()).set("release", options.number);
  json.set("model_root", to_hex(release->model_root)).set("approved", true);
  environment.output->result(json, approved_text(release));
  return {};
}

}  // namespace

void add_release_approval(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("approve", "stand by a release that another one published");
  const auto options = std::make_shared<ApproveOptions>();
  verb->add_option("name", options->name, "the model's name")->required();
  verb->add_option("release", options->number, "the release's number")
      ->required()
      ->check(CLI::PositiveNumber);
  verb->add_option("--publisher", options->publishers, "the public key (PEM) of who published it")
      ->required();
  verb->add_option("--key", options->key, "the private key that approves: another one")->required();
  verb->add_option("--model", options->model,
                   "the model's file or folder that you looked at: it must be the release's");
  on_call(*verb, choice,
          [options](Environment& environment) { return approve(environment, *options); });
}

}  // namespace vedette::cli
