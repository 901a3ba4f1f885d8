#include "cli/release_approval.h"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "cli/bundle_file.h"
#include "cli/contract_file.h"
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
  std::string model;  // empty: nobody looked at it, and `unseen` says so
  bool unseen = false;
  bool accept_widening = false;
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

// All that the signature will stand for.
std::string terms_of(const release::VerifiedRelease& release) {
  std::string text =
      release->model.str() + " release " + std::to_string(release->number) + " for tier " +
      std::string(release::to_string(release->tier)) + "\n  root      " +
      to_hex(release->model_root) + "\n  file      " + to_hex(release->file_sha256) +
      "\n  floor     " +
      (release->never_below ? "devices may go back to release " +
                                  std::to_string(*release->never_below) + " if it is blocked"
                            : std::string("devices go back to no older one")) +
      "\n";
  if (!release->contract) return text + "  contract  none: each device's own limits apply\n";
  text += "  contract  " + to_hex(*release->contract_sha256) + "\n";
  for (const std::string& sentence : release::widenings(**release->contract))
    text += "  wider     " + sentence + "\n";
  return text;
}

Result<void> approve(Environment& environment, const ApproveOptions& options) {
  VEDETTE_TRY(const ModelName name, ModelName::parse(options.name));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const auto release, fetch_release(client, name, options));
  environment.output->note("approving " + terms_of(release));
  if (release->contract)
    VEDETTE_CHECK(check_widening(**release->contract, options.accept_widening));
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
  json.set("statement_sha256", to_hex(release->statement_sha256)).set("seen", !options.unseen);
  environment.output->result(
      json, "approved " + name.str() + " release " + std::to_string(options.number) + "\n");
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
  CLI::Option_group* look = verb->add_option_group("what you looked at");
  look->add_option("--model", options->model,
                   "the model's file or folder that you looked at: it must be the release's");
  look->add_flag("--unseen", options->unseen, "approve a model that you do not have");
  look->require_option(1);
  verb->add_flag("--accept-widening", options->accept_widening,
                 "approve though the contract widens the sandbox");
  on_call(*verb, choice,
          [options](Environment& environment) { return approve(environment, *options); });
}

}  // namespace vedette::cli
