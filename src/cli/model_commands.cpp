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
#include "cli/provenance_commands.h"
#include "release/dsse.h"
#include "release/hash_cache.h"
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
  std::string certificate;
  std::vector<std::string> roots;
  std::vector<std::string> identities;
  std::uint64_t shard_size = 0;  // octets; 0: whole files
  std::string hash_cache;        // empty: none
};

release::HashOptions hash_options(const ModelOptions& options, const std::string& bundle,
                                  Progress& progress) {
  return {.ignore = bundle_within(options.model, bundle),
          .progress = [&progress](const release::HashProgress& at) {
            progress.show(at.bytes_done, at.bytes_total);
          }};
}

Result<release::Manifest> hash_with_cache(const ModelOptions& options,
                                          const release::HashOptions& hashing, Output& output) {
  if (!bundle_within(options.model, options.hash_cache).empty())
    return refuse("CLI-USAGE", "the cache of digests would be a file of the model",
                  options.hash_cache, "keep it elsewhere");
  VEDETTE_TRY(release::HashCache cache, release::HashCache::load(options.hash_cache));
  VEDETTE_TRY(release::Manifest manifest, release::hash_model(options.model, hashing, &cache));
  VEDETTE_CHECK(cache.save());
  output.note(std::to_string(cache.recalled()) + " of " +
              std::to_string(manifest.resources.size()) +
              " files are as they were when they were hashed before");
  return manifest;
}

Result<release::Manifest> hash(Environment& environment, const ModelOptions& options,
                               const std::string& bundle) {
  Progress progress(environment.console, *environment.output, "hashing " + options.model);
  const release::HashOptions hashing = hash_options(options, bundle, progress);
  if (!options.hash_cache.empty()) return hash_with_cache(options, hashing, *environment.output);
  if (options.shard_size == 0) return release::hash_model(options.model, hashing);
  return release::hash_model_by_shards(options.model, options.shard_size, hashing);
}

Result<void> sign(Environment& environment, const ModelOptions& options) {
  VEDETTE_TRY(const auto key,
              load_signing_key(options.key, environment.console, environment.operator_folder.keys));
  const std::string path = bundle_path(options.model, options.bundle);
  const auto manifest = hash(environment, options, path);
  VEDETTE_CHECK(manifest);
  VEDETTE_TRY(const auto chain, load_certificates(options.certificate));
  VEDETTE_TRY(const std::string bundle, release::sign_model(*manifest, key, chain));
  VEDETTE_CHECK(write_file_atomically(path, as_bytes(bundle), kBundleFile));
  Json json;
  json.set("bundle", path).set("publisher", release::key_hint(key.public_key()));
  json.set("manifest", manifest_json(*manifest));
  environment.output->result(json, "signed " + printable(manifest->model_name) + ", " +
                                       files_text(*manifest) + "\n" + "  root    " +
                                       to_hex(manifest->root) + "\n" + "  bundle  " + path + "\n");
  return {};
}

// By the publishers' keys, or by the authorities that certify its signer.
Result<release::VerifiedManifest> verify_signer(const ModelOptions& options,
                                                std::string_view bundle) {
  if (options.roots.empty()) {
    VEDETTE_TRY(const auto publishers, load_public_keys(options.publishers));
    return release::verify_bundle(bundle, publishers);
  }
  release::CertifiedSigners signers{
      .roots = {}, .identities = options.identities, .now = SystemClock().now()};
  for (const std::string& path : options.roots) {
    VEDETTE_TRY(auto certificates, load_certificates(path));
    for (crypto::Certificate& certificate : certificates)
      signers.roots.push_back(std::move(certificate));
  }
  return release::verify_certified_bundle(bundle, signers);
}

Result<void> verify(Environment& environment, const ModelOptions& options) {
  const std::string path = bundle_path(options.model, options.bundle);
  VEDETTE_TRY(const std::string bundle, read_bundle(path));
  VEDETTE_TRY(const auto verified, verify_signer(options, bundle));
  {
    Progress progress(environment.console, *environment.output, "hashing " + options.model);
    VEDETTE_CHECK(release::compare_model(options.model, verified->manifest,
                                         hash_options(options, path, progress)));
  }
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
  verb->add_option("--certificate", options->certificate,
                   "the key's certificates (PEM, its own first): sign in certificate mode");
  CLI::Option* shards =
      verb->add_option(
              "--shard-size", options->shard_size,
              "sign shards of so many octets, several of one file at once; not for releases")
          ->check(CLI::PositiveNumber);
  verb->add_option(
          "--hash-cache", options->hash_cache,
          "keep digests here, and hash no file that is unchanged since: see docs/release.md")
      ->excludes(shards);
  on_call(*verb, choice,
          [options](Environment& environment) { return sign(environment, *options); });
}

void add_verify(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("verify", "compare a model with what its publisher signed");
  const auto options = std::make_shared<ModelOptions>();
  verb->add_option("model", options->model, "the model's file or folder")->required();
  verb->add_option("--bundle", options->bundle, "its bundle (else where 'sign' puts it)");
  CLI::Option* keys = verb->add_option("--publisher", options->publishers,
                                       "public keys (PEM) of trusted publishers");
  CLI::Option* roots = verb->add_option("--root", options->roots,
                                        "authorities (PEM) that certify signers: certificate mode");
  CLI::Option* names = verb->add_option("--identity", options->identities,
                                        "URIs or e-mail addresses: who of them may sign");
  roots->excludes(keys)->needs(names);
  names->needs(roots);
  on_call(*verb, choice, [options](Environment& environment) -> Result<void> {
    if (options->roots.empty() && options->publishers.empty())
      return refuse("CLI-USAGE", "nobody is named whose signature is to be believed", {},
                    "name a --publisher, or a --root and an --identity");
    return verify(environment, *options);
  });
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
  add_provenance_commands(noun, choice);
}

}  // namespace vedette::cli
