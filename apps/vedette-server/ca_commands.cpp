#include "ca_commands.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "platform/keys/secret_file.h"
#include "server/config.h"
#include "server/state_folder.h"

#include "rollover_commands.h"
#include "root_passphrase.h"
#include "server_keys.h"

namespace vedette {

namespace {

struct InitOptions {
  std::string folder;
  std::string trust_domain;
  std::string operator_name = "admin";
  std::string root_passphrase_file;
  std::string operator_passphrase_file;
  server::KeySettings keys;
};

constexpr const char* kUnencryptedRoot =
    "\nWARNING: offline/root.key IS NOT ENCRYPTED. Whoever reads it can be this authority, for ten "
    "years.\nTake it off this machine now, and encrypt it: openssl pkcs8 -topk8 -v2 aes-256-cbc "
    "-iter 600000\n";
constexpr const char* kUnencryptedKeys =
    "\nWARNING: the issuing CA's, the verifier's and the log's keys ARE NOT ENCRYPTED; encrypt "
    "them "
    "with\n'vedette-server ca encrypt', and set passphrase_file in the section [keys]\n";
constexpr const char* kUnencryptedOperator =
    "\nWARNING: the operator's key IS NOT ENCRYPTED. Whoever reads it can do what this operator "
    "may.\n";

// It would be taken for this authority's own later, with a key that another folder uses.
Result<void> check_new(const InitOptions& options) {
  if (!std::filesystem::exists(options.folder + "/ca")) return {};
  return refuse("STATE-EXISTS", "there is a certificate authority here already", options.folder,
                "choose another folder; replacing it would orphan every device");
}

Result<void> init(const InitOptions& options) {
  VEDETTE_TRY(const auto domain, identity::TrustDomain::parse(options.trust_domain));
  VEDETTE_TRY(const auto name, OperatorId::parse(options.operator_name));
  VEDETTE_CHECK(check_new(options));
  ServerKeyProvider provider(options.folder, options.keys.insecure_extractable);
  VEDETTE_TRY(const auto custody, server::KeyCustody::open(options.keys, &provider));
  VEDETTE_TRY(const SecretBytes root_passphrase,
              choose_root_passphrase(options.root_passphrase_file, !custody.encrypts(),
                                     cli::system_console()));
  VEDETTE_TRY(const SecretBytes operator_passphrase,
              choose_operator_passphrase(options.operator_passphrase_file, !custody.encrypts(),
                                         cli::system_console()));
  VEDETTE_CHECK(server::create_state(options.folder, domain, name, SystemClock().now(), custody,
                                     root_passphrase, operator_passphrase));
  std::cout << "made the certificate authority of " << domain.str() << " in " << options.folder
            << "\nnow take offline/root.key off this machine: nothing here needs it\n";
  if (custody.names_issuing_key())
    std::cout << "set issuing_key in the section [ca] as it was given here\n";
  if (root_passphrase.empty()) std::cerr << kUnencryptedRoot;
  if (options.keys.insecure_unencrypted) std::cerr << kUnencryptedKeys;
  if (operator_passphrase.empty()) std::cerr << kUnencryptedOperator;
  return {};
}

Result<void> encrypt(const std::string& folder, const std::string& passphrase_file) {
  VEDETTE_TRY(const SecretBytes passphrase, platform::read_secret_file(passphrase_file));
  VEDETTE_TRY(const auto open, server::encrypt_state(folder, passphrase));
  std::cout << "the server's own key files in " << folder
            << " are encrypted; set passphrase_file in the section "
            << "[keys]\nwhat backups and the disk's free space held of them, they hold still\n";
  if (open.empty()) return {};
  std::cerr << "\nNOT ENCRYPTED, since these keys are not the server's:\n";
  for (const std::string& name : open)
    std::cerr << "  " << folder << "/" << name << '\n';
  std::cerr << "take offline/root.key off this machine, and give operators their folders; or "
               "encrypt a key in place:\n  openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 "
               "-in KEY -out KEY.new && mv KEY.new KEY\n";
  return {};
}

struct OperatorOptions {
  std::string name;
  std::string config = "/etc/vedette/server.toml";
  std::string key;
  std::string passphrase_file;
  bool insecure_unencrypted = false;
  bool renew = false;
};

Result<std::optional<server::OperatorToken>> find_operator_token(const OperatorOptions& options,
                                                                 bool insecure_extractable) {
  if (options.key.empty()) return std::optional<server::OperatorToken>();
  platform::Pkcs11Keys tokens({insecure_extractable});
  VEDETTE_TRY(const auto key, tokens.private_key(options.key));
  return server::OperatorToken{options.key, key.public_key()};
}

Result<void> make_operator(const OperatorOptions& options) {
  VEDETTE_TRY(const auto config, server::load_server_config(options.config));
  VEDETTE_TRY(const auto domain, identity::TrustDomain::parse(config.trust_domain));
  VEDETTE_TRY(const auto name, OperatorId::parse(options.name));
  VEDETTE_TRY(const auto token, find_operator_token(options, config.keys.insecure_extractable));
  ServerKeyProvider provider(config.state_folder, config.keys.insecure_extractable);
  VEDETTE_TRY(const auto custody, server::KeyCustody::open(config.keys, &provider));
  const TimePoint now = SystemClock().now();
  VEDETTE_TRY(const auto keys, server::load_state(config.state_folder, domain, now, custody));
  if (options.renew) {
    VEDETTE_CHECK(
        server::renew_operator(config.state_folder, keys.authority, keys.trust, name, now));
    std::cout << "renewed operator.pem and roots.pem in " << config.state_folder << "/operators/"
              << name.str() << ": give both to their owner\n";
    return {};
  }
  SecretBytes passphrase;
  if (!token) {
    VEDETTE_TRY(passphrase,
                choose_operator_passphrase(options.passphrase_file, options.insecure_unencrypted,
                                           cli::system_console()));
  }
  VEDETTE_CHECK(
      server::add_operator(config.state_folder, keys.authority, name, now, token, passphrase));
  if (!token && passphrase.empty()) std::cerr << kUnencryptedOperator;
  std::cout << "made " << config.state_folder << "/operators/" << name.str()
            << "; set host and port in its operator.toml, and give the folder to its owner\n";
  return {};
}

void add_operator_verb(CLI::App& group, std::function<Result<void>()>& command) {
  const auto options = std::make_shared<OperatorOptions>();
  CLI::App* verb = group.add_subcommand("operator", "a certificate of a year for an operator");
  verb->add_option("name", options->name, "of the operator")->required();
  verb->add_option("--config", options->config, "TOML file")->capture_default_str();
  CLI::Option* key =
      verb->add_option("--key", options->key, "the operator's key in a token: pkcs11:...");
  CLI::Option* file = verb->add_option("--passphrase-file", options->passphrase_file,
                                       "encrypt the key; else a passphrase is asked for");
  CLI::Option* open =
      verb->add_flag("--insecure-unencrypted", options->insecure_unencrypted, "leave it open");
  open->excludes(key)->excludes(file);
  file->excludes(key);
  verb->add_flag("--renew", options->renew, "another certificate for the same key, and the roots")
      ->excludes(key);
  verb->callback([options, &command] { command = [options] { return make_operator(*options); }; });
}

void add_init(CLI::App& app, std::function<Result<void>()>& command) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App* verb = app.add_subcommand("init", "make a certificate authority and an operator");
  verb->add_option("folder", options->folder, "the state folder to make")->required();
  verb->add_option("--trust-domain", options->trust_domain, "e.g. factory.example")->required();
  verb->add_option("--operator", options->operator_name, "name of the first operator");
  verb->add_option("--issuing-key", options->keys.issuing_key,
                   "use this key: pkcs11:... or tpm:/dev/tpmrm0");
  verb->add_option("--passphrase-file", options->keys.passphrase_file,
                   "encrypt the server's key files");
  verb->add_flag("--insecure-unencrypted", options->keys.insecure_unencrypted,
                 "leave them as they are, and the root's, and the operator's");
  verb->add_flag("--insecure-extractable", options->keys.insecure_extractable,
                 "take a key that its token would hand out");
  verb->add_option("--root-passphrase-file", options->root_passphrase_file,
                   "encrypt the root's key; else a passphrase is asked for");
  verb->add_option("--operator-passphrase-file", options->operator_passphrase_file,
                   "encrypt the operator's key; else a passphrase is asked for");
  verb->callback([options, &command] { command = [options] { return init(*options); }; });
}

}  // namespace

void add_ca_commands(CLI::App& app, std::function<Result<void>()>& command) {
  add_init(app, command);
  CLI::App* group = app.add_subcommand("ca", "about the certificate authority's keys");
  group->require_subcommand(1);
  add_operator_verb(*group, command);
  add_rollover_commands(*group, command);
  CLI::App* verb = group->add_subcommand("encrypt", "encrypt the key files of a state folder");
  const auto folder = std::make_shared<std::string>();
  const auto passphrase_file = std::make_shared<std::string>();
  verb->add_option("folder", *folder, "the state folder")->required();
  verb->add_option("--passphrase-file", *passphrase_file, "what opens them from now on")
      ->required();
  verb->callback([folder, passphrase_file, &command] {
    command = [folder, passphrase_file] { return encrypt(*folder, *passphrase_file); };
  });
}

}  // namespace vedette
