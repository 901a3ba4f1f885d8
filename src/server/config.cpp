#include "server/config.h"

#include <algorithm>
#include <filesystem>

#include "base/strong_id.h"
#include "base/visible_text.h"
#include "codec/settings.h"
#include "crypto/bank_digest.h"
#include "policy/policy.h"

namespace vedette::server {

namespace {

using codec::SettingsReader;

constexpr std::int64_t kMaxPort = 65'535;
constexpr std::int64_t kHighestRegister = 23;
constexpr std::int64_t kLastForever = 15;  // 16 and 23 can be reset, 17 to 22 by dynamic launch
constexpr std::int64_t kImaRegister = 10;
constexpr std::int64_t kDay = 86'400;
constexpr std::size_t kMostSigners = 64;        // each is tried for each manifest
constexpr std::int64_t kMostIssuances = 1'024;  // a listener has no more connections
constexpr std::int64_t kShortestTufLife = 60;   // the server looks each few seconds what is due
constexpr std::int64_t kLongestTufLife = 365 * kDay;
constexpr std::int64_t kLongestVerdict =
    3'600;  // minutes are meant; an EAR is never issued for longer

Listener read_listener(SettingsReader& reader, const std::string& section) {
  Listener listener;
  listener.address = reader.text(section + ".address", listener.address);
  listener.port = static_cast<std::uint16_t>(reader.integer(section + ".port", 0, 0, kMaxPort));
  return listener;
}

std::chrono::seconds read_seconds(SettingsReader& reader, std::string_view name,
                                  std::chrono::seconds fallback, std::int64_t most = kDay) {
  return std::chrono::seconds{reader.integer(name, fallback.count(), 1, most)};
}

std::string beside(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

std::vector<std::string> all_beside(const std::string& folder, std::vector<std::string> paths) {
  for (std::string& path : paths)
    path = beside(folder, path);
  return paths;
}

// A quote covers each register once, in ascending order: that is the order of pcrDigest.
Result<std::vector<std::uint8_t>> ascending_registers(const std::vector<std::int64_t>& listed) {
  std::vector<std::uint8_t> registers;
  registers.reserve(listed.size());
  for (const std::int64_t number : listed)
    registers.push_back(static_cast<std::uint8_t>(number));
  std::ranges::sort(registers);
  if (std::ranges::adjacent_find(registers) != registers.end())
    return refuse("CONFIG-VALUE", "the setting 'attestation.registers' names a register twice");
  return registers;
}

Result<codec::TpmAlgorithm> read_bank(const std::string& name) {
  if (const auto bank = crypto::bank_named(name)) return *bank;
  const bool is_sha1 = name == "sha1";
  return refuse("CONFIG-VALUE", "the setting 'attestation.bank' names no bank to be believed",
                is_sha1 ? "sha1: what it names may be something else" : name, "sha256 or sha384");
}

Result<void> check_revocation_url(const std::string& url) {
  constexpr std::size_t kLongest = 200;
  const bool is_url = url.starts_with("http://") || url.starts_with("https://");
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7F; };
  if (url.empty() || (is_url && !url.ends_with('/') && url.size() <= kLongest &&
                      std::ranges::all_of(url, is_plain)))
    return {};
  return refuse("CONFIG-VALUE", "the setting 'certificates.revocation_url' is no address",
                url.substr(0, kLongest), "for example https://ca.example.org/revocation");
}

Result<void> check_token_audiences(const std::vector<std::string>& audiences) {
  constexpr const char* kSetting = "the setting 'tokens.audiences' names";
  for (const std::string& audience : audiences)
    if (!is_visible_text(audience) || std::ranges::count(audiences, audience) != 1)
      return refuse("CONFIG-VALUE", std::string(kSetting) + " no audience, or one twice",
                    audience.substr(0, kMaxVisibleText),
                    "1 to 255 visible characters of ASCII but the double quote");
  if (audiences.size() > policy::kMaxChoices)
    return refuse("CONFIG-VALUE", std::string(kSetting) + " more than 64");
  return {};
}

Result<void> check_token_groups(const std::vector<std::string>& groups) {
  for (const std::string& name : groups)
    if (name != "*" && !GroupId::parse(name))
      return refuse("CONFIG-VALUE", "the setting 'enrollment.token_groups' names no group",
                    name.substr(0, 80), "the names of groups, or \"*\" for every group");
  return {};
}

KeySettings read_keys(SettingsReader& reader, const std::string& folder) {
  KeySettings keys;
  keys.issuing_key = reader.text("ca.issuing_key", "");
  keys.former_issuing_keys = reader.texts("ca.former_issuing_keys");
  const std::string passphrase_file = reader.text("keys.passphrase_file", "");
  if (!passphrase_file.empty()) keys.passphrase_file = beside(folder, passphrase_file);
  keys.passphrase_credential = reader.text("keys.passphrase_credential", "");
  keys.insecure_unencrypted = reader.flag("keys.insecure_unencrypted", false);
  keys.insecure_extractable = reader.flag("keys.insecure_extractable", false);
  return keys;
}

// What names a place is taken as it stands; a file lies beside the configuration.
TufSettings read_tuf(SettingsReader& reader, const std::string& folder) {
  TufSettings tuf;
  const std::string repository = reader.text("tuf.repository", "");
  if (!repository.empty()) tuf.repository = beside(folder, repository);
  tuf.online_key = reader.text("tuf.online_key", "");
  const bool is_named = tuf.online_key.find(':') != std::string::npos;
  if (!tuf.online_key.empty() && !is_named) tuf.online_key = beside(folder, tuf.online_key);
  const auto life = [&](const char* name, std::chrono::seconds fallback) {
    return std::chrono::seconds{
        reader.integer(name, fallback.count(), kShortestTufLife, kLongestTufLife)};
  };
  tuf.timestamp_lifetime = life("tuf.timestamp_seconds", tuf.timestamp_lifetime);
  tuf.snapshot_lifetime = life("tuf.snapshot_seconds", tuf.snapshot_lifetime);
  return tuf;
}

Result<ServerConfig> read(const codec::Json& settings, const std::string& folder) {
  SettingsReader reader(settings);
  ServerConfig config;
  config.state_folder = beside(folder, reader.required_text("state_folder"));
  config.trust_domain = reader.required_text("trust_domain");
  config.keys = read_keys(reader, folder);
  config.dns_names = reader.texts("dns_names");
  config.ip_addresses = reader.texts("ip_addresses");
  config.enrollment = read_listener(reader, "enrollment");
  config.token_groups = reader.texts("enrollment.token_groups");
  config.token_audiences = reader.texts("tokens.audiences");
  config.device = read_listener(reader, "device");
  config.operators = read_listener(reader, "operator");
  const std::string policy = reader.text("policy", "");
  if (!policy.empty()) config.policy = beside(folder, policy);
  config.publisher_keys = all_beside(folder, reader.texts("publisher_keys"));
  config.manifest_signers = all_beside(folder, reader.texts("attestation.manifest_signers"));
  config.tuf = read_tuf(reader, folder);
  config.certificate_lifetime =
      read_seconds(reader, "certificates.lifetime_seconds", config.certificate_lifetime);
  config.server_certificate_lifetime = read_seconds(reader, "certificates.server_lifetime_seconds",
                                                    config.server_certificate_lifetime);
  config.revocation_url = reader.text("certificates.revocation_url", "");
  config.issuances_at_once = static_cast<std::size_t>(
      reader.integer("certificates.issuances_at_once", 64, 1, kMostIssuances));
  config.attestation_lifetime = read_seconds(reader, "attestation.lifetime_seconds",
                                             config.attestation_lifetime, kLongestVerdict);
  config.attestation_interval =
      read_seconds(reader, "attestation.interval_seconds", config.attestation_interval);
  config.silence_limit = read_seconds(reader, "attestation.silence_seconds", config.silence_limit);
  config.two_person_references =
      reader.flag("attestation.two_person_references", config.two_person_references);
  const auto tiers = reader.texts("releases.two_person_tiers");
  const std::string bank = reader.text("attestation.bank", "sha256");
  auto registers = reader.integers("attestation.registers", 0, kHighestRegister);
  const auto runtime =
      reader.integer("attestation.runtime_register", config.runtime_register, 0, kLastForever);
  VEDETTE_CHECK(reader.finish());
  VEDETTE_TRY(config.two_person_tiers, release::parse_tiers(tiers));
  if (config.manifest_signers.size() > kMostSigners)
    return refuse("CONFIG-VALUE", "the setting 'attestation.manifest_signers' names more than 64");
  if (config.tuf.repository.empty() && !config.tuf.online_key.empty())
    return refuse("CONFIG-MISSING", "the setting 'tuf.online_key' has no repository to renew", {},
                  "set 'tuf.repository' to the folder that 'vedette tuf init' made");
  VEDETTE_CHECK(check_revocation_url(config.revocation_url));
  VEDETTE_CHECK(check_token_groups(config.token_groups));
  VEDETTE_CHECK(check_token_audiences(config.token_audiences));
  VEDETTE_TRY(config.bank, read_bank(bank));
  if (runtime == kImaRegister)
    return refuse("CONFIG-VALUE",
                  "the setting 'attestation.runtime_register' names IMA's register");
  config.runtime_register = static_cast<std::uint8_t>(runtime);
  if (!registers.empty() && std::ranges::find(registers, runtime) == registers.end())
    registers.push_back(runtime);
  VEDETTE_TRY(config.registers, ascending_registers(registers));
  if (config.registers.empty())
    return refuse("CONFIG-MISSING", "the setting 'attestation.registers' is missing or empty", {},
                  "name the PCRs that a quote must cover, e.g. [0, 2, 4, 7]");
  if (config.dns_names.empty() && config.ip_addresses.empty())
    return refuse("CONFIG-MISSING", "neither 'dns_names' nor 'ip_addresses' is set", {},
                  "name the server as its devices will call it");
  return config;
}

}  // namespace

Result<ServerConfig> load_server_config(const std::string& path) {
  VEDETTE_TRY(const codec::Json settings, codec::load_settings(path, "VEDETTE_SERVER_"));
  return read(settings, std::filesystem::absolute(path).parent_path().string());
}

}  // namespace vedette::server
