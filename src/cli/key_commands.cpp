#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/command_line.h"
#include "cli/passphrase.h"
#include "crypto/key.h"

namespace vedette::cli {

namespace {

constexpr unsigned kPrivateFile = 0600;
constexpr unsigned kPublicFile = 0644;

struct GenerateOptions {
  std::string path;
  bool unencrypted = false;
};

// A key file is never overwritten: what was signed with the old one could not be signed again.
Result<void> check_free(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  return refuse("CLI-EXISTS", "there is something at the key's path already", path,
                "choose another path, or move the old key away");
}

Result<std::string> private_pem(const Console& console, const crypto::PrivateKey& key,
                                const GenerateOptions& options) {
  if (options.unencrypted) return key.insecure_unencrypted_pem();
  VEDETTE_TRY(const auto passphrase, choose_passphrase(console, "passphrase for " + options.path));
  if (!passphrase)
    return refuse(
        "CLI-PASSPHRASE", "a signing key needs a passphrase", {},
        "set VEDETTE_KEY_PASSPHRASE, or pass --insecure-unencrypted for a key of no value");
  return key.encrypted_pem(passphrase->expose());
}

Result<void> generate(Environment& environment, const GenerateOptions& options) {
  const std::string public_path = options.path + ".pub";
  VEDETTE_CHECK(check_free(options.path));
  VEDETTE_CHECK(check_free(public_path));
  const auto key = crypto::PrivateKey::generate_p256();
  VEDETTE_TRY(const std::string pem, private_pem(environment.console, key, options));
  VEDETTE_CHECK(write_file_atomically(options.path, as_bytes(pem), kPrivateFile));
  VEDETTE_CHECK(write_file_atomically(public_path, as_bytes(key.public_key().pem()), kPublicFile));
  codec::Json json;
  json.set("private_key", options.path).set("public_key", public_path);
  json.set("encrypted", !options.unencrypted);
  json.set("sha256", to_hex(key.public_key().spki_sha256()));
  environment.output->result(json, "wrote " + options.path + " and " + public_path + "\n");
  return {};
}

}  // namespace

void add_key_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "key", "keys that sign models");
  CLI::App* verb = noun.add_subcommand("generate", "make a P-256 signing key");
  const auto options = std::make_shared<GenerateOptions>();
  verb->add_option("path", options->path, "where the private key goes; the public one to PATH.pub")
      ->required();
  verb->add_flag("--insecure-unencrypted", options->unencrypted, "write it without a passphrase");
  on_call(*verb, choice,
          [options](Environment& environment) { return generate(environment, *options); });
}

}  // namespace vedette::cli
