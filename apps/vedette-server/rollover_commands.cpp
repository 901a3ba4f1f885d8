#include "rollover_commands.h"

#include <iostream>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/fd.h"
#include "platform/keys/secret_file.h"
#include "server/config.h"
#include "server/rollover.h"

#include "server_keys.h"

namespace vedette {

namespace {

constexpr std::size_t kMaxPemBytes = 64U << 10U;
constexpr std::int64_t kMostHours = 24 * 365;

struct RolloverOptions {
  std::string config = "/etc/vedette/server.toml";
  std::string root_key;
  std::string root_passphrase_file;
  std::int64_t overlap_hours = 0;
  std::string issuing_key;               // of `issuing`
  std::string new_root_key;              // of `root`
  std::string new_root_passphrase_file;  // likewise
};

Result<SecretBytes> read_passphrase(const std::string& file) {
  if (file.empty()) return SecretBytes();
  return platform::read_secret_file(file);
}

Result<crypto::PrivateKey> read_root_key(const RolloverOptions& options) {
  VEDETTE_TRY(const SecretBytes passphrase, read_passphrase(options.root_passphrase_file));
  VEDETTE_TRY(Bytes content, read_file(options.root_key, kMaxPemBytes));
  const SecretBytes pem(std::move(content));
  return crypto::PrivateKey::from_pem(as_text(pem.expose()), passphrase.expose());
}

void tell(const identity::TrustBundle& trust) {
  std::cout << "trust bundle " << trust.version << ": root "
            << to_hex(trust.root().fingerprint()).substr(0, 16) << " until "
            << to_rfc3339(trust.root().not_after()) << ", issuing CA "
            << to_hex(trust.issuing.front().certificate.fingerprint()).substr(0, 16) << " until "
            << to_rfc3339(trust.issuing.front().certificate.not_after()) << "\n";
  for (std::size_t i = 1; i < trust.issuing.size(); ++i)
    std::cout << "the issuing CA "
              << to_hex(trust.issuing[i].certificate.fingerprint()).substr(0, 16)
              << " is trusted until " << to_rfc3339(*trust.issuing[i].until) << "\n";
  std::cout
      << "restart the server: devices follow by themselves. Before the former one ends, every "
         "operator needs\nanother certificate: vedette-server ca operator NAME --renew\n";
}

// What either rollover has open.
struct Opened {
  server::ServerConfig config;
  identity::TrustDomain trust_domain;
  server::KeyCustody custody;
  crypto::PrivateKey root_key;

  [[nodiscard]] server::RolloverPlace place(const RolloverOptions& options) const {
    return {config.state_folder,
            trust_domain,
            custody,
            root_key,
            SystemClock().now(),
            std::chrono::hours(options.overlap_hours)};
  }
};

Result<Opened> open(const RolloverOptions& options, const server::ServerConfig& config,
                    ServerKeyProvider& provider) {
  VEDETTE_TRY(auto domain, identity::TrustDomain::parse(config.trust_domain));
  VEDETTE_TRY(auto custody, server::KeyCustody::open(config.keys, &provider));
  VEDETTE_TRY(auto root_key, read_root_key(options));
  return Opened{config, std::move(domain), std::move(custody), std::move(root_key)};
}

Result<void> roll_issuing(const RolloverOptions& options) {
  VEDETTE_TRY(const auto config, server::load_server_config(options.config));
  ServerKeyProvider provider(config.state_folder, config.keys.insecure_extractable);
  VEDETTE_TRY(const Opened opened, open(options, config, provider));
  std::optional<crypto::PrivateKey> named;
  if (!options.issuing_key.empty()) {
    VEDETTE_TRY(named, provider.private_key(options.issuing_key));
  }
  VEDETTE_TRY(const auto trust, server::rollover_issuing(opened.place(options), named));
  tell(trust);
  if (named)
    std::cout << "in the section [ca], set issuing_key as it was given here, and add the former "
                 "one to\nformer_issuing_keys\n";
  return {};
}

Result<void> roll_root(const RolloverOptions& options) {
  VEDETTE_TRY(const auto config, server::load_server_config(options.config));
  ServerKeyProvider provider(config.state_folder, config.keys.insecure_extractable);
  VEDETTE_TRY(const Opened opened, open(options, config, provider));
  VEDETTE_TRY(const SecretBytes passphrase, read_passphrase(options.new_root_passphrase_file));
  VEDETTE_TRY(const auto trust,
              server::rollover_root(opened.place(options), options.new_root_key, passphrase));
  tell(trust);
  std::cout << "now take " << options.new_root_key << " off this machine\n";
  if (passphrase.empty())
    std::cerr << "\nWARNING: " << options.new_root_key
              << " IS NOT ENCRYPTED (give --new-root-passphrase-file)\n";
  return {};
}

void add_common_options(CLI::App& verb, RolloverOptions& options) {
  verb.add_option("--config", options.config, "TOML file of the server")->capture_default_str();
  verb.add_option("--root-key", options.root_key, "file with the present root's key")->required();
  verb.add_option("--root-passphrase-file", options.root_passphrase_file, "what opens it");
  verb.add_option("--overlap-hours", options.overlap_hours,
                  "how long what the former one issued is still taken")
      ->check(CLI::Range(std::int64_t{0}, kMostHours))
      ->capture_default_str();
}

}  // namespace

void add_rollover_commands(CLI::App& group, std::function<Result<void>()>& command) {
  CLI::App* rollover = group.add_subcommand("rollover", "hand over to a new authority");
  rollover->require_subcommand(1);

  const auto issuing = std::make_shared<RolloverOptions>();
  issuing->overlap_hours = 30 * 24;
  CLI::App* verb = rollover->add_subcommand("issuing", "another issuing CA under the same root");
  add_common_options(*verb, *issuing);
  verb->add_option("--issuing-key", issuing->issuing_key,
                   "use this key: pkcs11:... or tpm:/dev/tpmrm0");
  verb->callback([issuing, &command] { command = [issuing] { return roll_issuing(*issuing); }; });

  const auto root = std::make_shared<RolloverOptions>();
  root->overlap_hours = 180 * 24;
  verb = rollover->add_subcommand("root", "another root, certified by the present one");
  add_common_options(*verb, *root);
  verb->add_option("--new-root-key", root->new_root_key, "the file to make for its key")
      ->required();
  verb->add_option("--new-root-passphrase-file", root->new_root_passphrase_file,
                   "encrypt the new root's key");
  verb->callback([root, &command] { command = [root] { return roll_root(*root); }; });
}

}  // namespace vedette
