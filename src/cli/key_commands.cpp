#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/fd.h"
#include "cli/cli.h"
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
Result<void> generate(Environment& environment, const GenerateOptions& options) {
  if (std::filesystem::exists(options.path))
    return refuse("CLI-EXISTS", "there is a file at the key's path already", options.path,
                  "choose another path, or move the old key away");
  const auto key = crypto::PrivateKey::generate_p256();
  Result<std::string> pem;
  const char* passphrase = std::getenv("VEDETTE_KEY_PASSPHRASE");
  if (passphrase != nullptr)
    pem = key.encrypted_pem(as_bytes(passphrase));
  else if (options.unencrypted)
    pem = key.insecure_unencrypted_pem();
  else
    return refuse("CLI-PASSPHRASE", "a signing key needs a passphrase", {},
                  "set VEDETTE_KEY_PASSPHRASE, or pass --insecure-unencrypted for a key of no value");
  VEDETTE_CHECK(pem);
  VEDETTE_CHECK(write_file_atomically(options.path, as_bytes(*pem), kPrivateFile));
  const std::string public_path = options.path + ".pub";
  VEDETTE_CHECK(write_file_atomically(public_path, as_bytes(key.public_key().pem()), kPublicFile));
  codec::Json json;
  json.set("private_key", options.path).set("public_key", public_path);
  json.set("sha256", to_hex(key.public_key().spki_sha256()));
  environment.output->result(json, "wrote " + options.path + " and " + public_path + "\n");
  return {};
}

}  // namespace

void add_key_commands(CLI::App& app, Choice& choice) {
  CLI::App* noun = app.add_subcommand("key", "keys that sign models");
  noun->require_subcommand(1);
  CLI::App* verb = noun->add_subcommand("generate", "make a P-256 signing key");
  const auto options = std::make_shared<GenerateOptions>();
  verb->add_option("path", options->path, "where the private key goes; the public one beside it")
      ->required();
  verb->add_flag("--insecure-unencrypted", options->unencrypted, "write it without a passphrase");
  verb->callback([options, &choice] {
    choice.command = [options](Environment& environment) { return generate(environment, *options); };
  });
}

}  // namespace vedette::cli
