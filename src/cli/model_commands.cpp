#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/bundle_file.h"
#include "cli/command_line.h"
#include "cli/contract_commands.h"
#include "cli/delta_commands.h"
#include "cli/key_files.h"
#include "cli/manifest_view.h"
#include "cli/model_conversion.h"
#include "cli/progress.h"
#include "release/dsse.h"
#include "release/model_tree.h"
#include "release/oms_bundle.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr unsigned kBundleFile = 0644;

struct ModelOptions {
  std::string model;
  std::string bundle;
  std::string key;
  std::vector<std::string> publishers;
};

release::HashOptions hash_options(const ModelOptions& options, const std::string& bundle,
                                  Progress& progress) {
  return {.ignore = bundle_within(options.model, bundle),
          .progress = [&progress](const release::HashProgress& at) {
            progress.show(at.bytes_done, at.bytes_total);
          }};
}

Result<void> sign(Environment& environment, const ModelOptions& options) {
  VEDETTE_TRY(const auto key,
              load_signing_key(options.key, environment.console, environment.operator_folder.keys));
  const std::string path = bundle_path(options.model, options.bundle);
  Result<release::Manifest> manifest;
  {
    Progress progress(environment.console, *environment.output, "hashing " + options.model);
    manifest = release::hash_model(options.model, hash_options(options, path, progress));
  }
  VEDETTE_CHECK(manifest);
  VEDETTE_TRY(const std::string bundle, release::sign_model(*manifest, key));
  VEDETTE_CHECK(write_file_atomically(path, as_bytes(bundle), kBundleFile));
  Json json;
  json.set("bundle", path).set("publisher", release::key_hint(key.public_key()));
  json.set("manifest", manifest_json(*manifest));
  environment.output->result(json, "signed " + printable(manifest->model_name) + ", " +
                                       files_text(*manifest) + "\n" + "  root    " +
                                       to_hex(manifest->root) + "\n" + "  bundle  " + path + "\n");
  return {};
}

Result<void> verify(Environment& environment, const ModelOptions& options) {
  VEDETTE_TRY(const auto publishers, load_public_keys(options.publishers));
  const std::string path = bundle_path(options.model, options.bundle);
  VEDETTE_TRY(const std::string bundle, read_bundle(path));
  Progress progress(environment.console, *environment.output, "hashing " + options.model);
  VEDETTE_TRY(const auto verified, release::verify_model(options.model, bundle, publishers,
                                                         hash_options(options, path, progress)));
  Json json;
  json.set("verified", true).set("publisher", release::key_hint(verified->publisher));
  json.set("manifest", manifest_json(verified->manifest));
  environment.output->result(json, "genuine: every file of " + printable(options.model) +
                                       " is as its publisher signed it\n" + "  publisher  " +
                                       release::key_hint(verified->publisher) + "\n" +
                                       "  root       " + to_hex(verified->manifest.root) + "\n" +
                                       "  files      " + files_text(verified->manifest) + "\n");
  return {};
}

Result<void> inspect(Environment& environment, const ModelOptions& options) {
  VEDETTE_TRY(const std::string bundle, read_bundle(options.bundle));
  VEDETTE_TRY(const UnverifiedBundle content, read_unverified_bundle(bundle));
  Json json;
  json.set("verified", false).set("publisher_hint", content.publisher_hint);
  json.set("manifest", manifest_json(content.manifest));
  environment.output->result(json, unverified_text(content, environment.output->colour()));
  return {};
}

void add_sign(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("sign", "make an OpenSSF Model Signing bundle");
  const auto options = std::make_shared<ModelOptions>();
  verb->add_option("model", options->model, "the model's file or folder")->required();
  verb->add_option("--key", options->key, "the private key that signs")->required();
  verb->add_option("--bundle", options->bundle,
                   "where the bundle goes (else MODEL.sig, or MODEL/model.sig for a folder)");
  on_call(*verb, choice,
          [options](Environment& environment) { return sign(environment, *options); });
}

void add_verify(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("verify", "compare a model with what its publisher signed");
  const auto options = std::make_shared<ModelOptions>();
  verb->add_option("model", options->model, "the model's file or folder")->required();
  verb->add_option("--bundle", options->bundle, "its bundle (else where 'sign' puts it)");
  verb->add_option("--publisher", options->publishers, "public keys (PEM) of trusted publishers")
      ->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return verify(environment, *options); });
}

void add_inspect(CLI::App& noun, Choice& choice) {
  CLI::App* verb =
      noun.add_subcommand("inspect", "show what a bundle claims, without verifying it");
  const auto options = std::make_shared<ModelOptions>();
  verb->add_option("bundle", options->bundle, "the bundle")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return inspect(environment, *options); });
}

}  // namespace

void add_model_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "model", "sign models and verify them");
  add_sign(noun, choice);
  add_verify(noun, choice);
  add_inspect(noun, choice);
  add_convert(noun, choice);
  add_delta_commands(noun, choice);
  add_contract_commands(noun, choice);
}

}  // namespace vedette::cli
