#include "server/config.h"

#include <algorithm>
#include <filesystem>

#include "codec/settings.h"

namespace vedette::server {

namespace {

using codec::SettingsReader;

constexpr std::int64_t kMaxPort = 65'535;
constexpr std::int64_t kHighestRegister = 23;
constexpr std::int64_t kDay = 86'400;
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

Result<ServerConfig> read(const codec::Json& settings, const std::string& folder) {
  SettingsReader reader(settings);
  ServerConfig config;
  config.state_folder = beside(folder, reader.required_text("state_folder"));
  config.trust_domain = reader.required_text("trust_domain");
  config.dns_names = reader.texts("dns_names");
  config.ip_addresses = reader.texts("ip_addresses");
  config.enrollment = read_listener(reader, "enrollment");
  config.device = read_listener(reader, "device");
  config.operators = read_listener(reader, "operator");
  for (const std::string& path : reader.texts("publisher_keys"))
    config.publisher_keys.push_back(beside(folder, path));
  config.certificate_lifetime =
      read_seconds(reader, "certificates.lifetime_seconds", config.certificate_lifetime);
  config.attestation_lifetime = read_seconds(reader, "attestation.lifetime_seconds",
                                             config.attestation_lifetime, kLongestVerdict);
  config.attestation_interval =
      read_seconds(reader, "attestation.interval_seconds", config.attestation_interval);
  const auto registers = reader.integers("attestation.registers", 0, kHighestRegister);
  VEDETTE_CHECK(reader.finish());
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
