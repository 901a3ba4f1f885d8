#include "agent/config.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "agent/contact.h"
#include "agent/local_callers.h"
#include "codec/settings.h"

namespace vedette::agent {

namespace {

using codec::SettingsReader;

constexpr std::int64_t kMaxPort = 65'535;
constexpr std::int64_t kMebibyte = 1 << 20;

std::string beside(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

std::uint16_t read_port(SettingsReader& reader, std::string_view name, std::int64_t least) {
  return static_cast<std::uint16_t>(reader.integer(name, 0, least, kMaxPort));
}

std::uint64_t read_mebibytes(SettingsReader& reader, std::string_view name, std::int64_t fallback,
                             std::int64_t most) {
  return static_cast<std::uint64_t>(reader.integer(name, fallback, 1, most) * kMebibyte);
}

Result<platform::AttestationKeyKind> read_key_kind(const std::string& text) {
  if (text == "ecdsa-p256") return platform::AttestationKeyKind::ecdsa_p256;
  if (text == "ecdsa-p384") return platform::AttestationKeyKind::ecdsa_p384;
  if (text == "rsa-2048") return platform::AttestationKeyKind::rsa_2048;
  return refuse("CONFIG-VALUE", "the setting 'tpm.attestation_key' names no kind of key", text,
                "ecdsa-p256, ecdsa-p384 or rsa-2048");
}

// The name is not repeated: it might hold a PIN, which its provider will refuse.
Result<void> read_device_key(const std::string& name, AgentConfig& config) {
  using identity::KeyKind;
  if (name == "tpm") return {};
  if (name == "insecure-memory") {
    config.device_key = "memory:";
    config.device_key_kind = KeyKind::memory;
    return {};
  }
  if (name.starts_with("pkcs11:")) {
    config.device_key = name;
    config.device_key_kind = KeyKind::pkcs11;
    return {};
  }
  return refuse("CONFIG-VALUE", "the setting 'device.key' names no place where a key may live", {},
                R"("tpm", a key in a token: "pkcs11:...", or "insecure-memory")");
}

Result<void> read_tpm(SettingsReader& reader, const std::string& folder, AgentConfig& config) {
  const std::string key_kind = reader.text("tpm.attestation_key", "ecdsa-p256");
  const std::string device = reader.text("tpm.device", "");
  const std::string software = reader.text("tpm.insecure_software_tpm", "");
  if (device.empty() == software.empty())
    return refuse("CONFIG-VALUE", "the section [tpm] must hold exactly one TPM", {},
                  "set 'device' to e.g. /dev/tpmrm0, or 'insecure_software_tpm' to a swtpm socket");
  config.insecure_software_tpm = device.empty();
  config.tcti = device.empty() ? "swtpm:path=" + beside(folder, software) : "device:" + device;
  VEDETTE_TRY(config.attestation_key, read_key_kind(key_kind));
  return {};
}

// What a machine lacks is declared, never found out by a worker that starts all the same.
Result<inference::Posture> read_posture(const std::string& text) {
  const auto posture = inference::posture_from_name(text);
  if (posture) return *posture;
  return refuse("CONFIG-VALUE", "the setting 'inference.posture' names no posture", text,
                "full, without-user-namespace, without-landlock or without-core-scheduling; see "
                "'vedette doctor'");
}

Result<void> read_allowed(const std::vector<std::string>& texts, AgentConfig& config) {
  for (const std::string& text : texts) {
    if (text == "ort") {
      config.allow_ort_format = true;
      continue;
    }
    auto power = inference::power_from_text(text);
    if (!power)
      return refuse("CONFIG-VALUE", "the setting 'inference.allow' names no power", text,
                    "'threads N', 'device-node /dev/...' or 'ort'");
    config.powers.push_back(*std::move(power));
  }
  return {};
}

void read_memory_api(SettingsReader& reader, const std::string& folder, AgentConfig& config) {
  const std::string socket = reader.text("api.memory_socket", "");
  if (!socket.empty()) config.memory_socket = beside(folder, socket);
  config.memory_sessions =
      static_cast<std::size_t>(reader.integer("api.memory_sessions", 16, 1, 64));
  config.memory_spin_microseconds =
      static_cast<std::uint32_t>(reader.integer("api.memory_spin_microseconds", 0, 0, 1'000));
}

// Its refusals are told after those of the reader, which are simpler to understand.
Result<void> read_api(SettingsReader& reader, const std::string& folder, AgentConfig& config) {
  config.api_tcp = reader.flag("api.tcp", true);
  config.api_address = reader.text("api.address", "127.0.0.1");
  config.api_port = read_port(reader, "api.port", 0);
  const std::string socket = reader.text("api.unix_socket", "");
  const std::string mode = reader.text("api.unix_mode", "0660");
  const auto callers = reader.tables("api.callers");
  if (!socket.empty()) config.api_unix_socket = beside(folder, socket);
  if (config.api_address != "127.0.0.1" && config.api_address != "::1")
    return refuse("CONFIG-VALUE", "the setting 'api.address' is not a loopback address",
                  config.api_address,
                  "the inference API is plain HTTP: it serves this device alone");
  if (!config.api_tcp && socket.empty())
    return refuse("CONFIG-VALUE", "the section [api] leaves no way to ask", {},
                  "set 'unix_socket', or leave out 'tcp = false'");
  VEDETTE_TRY(config.api_unix_mode, read_mode(mode));
  VEDETTE_TRY(config.api_callers, read_caller_rules(callers));
  return {};
}

constexpr std::int64_t kOfIma = 10;

// PC Client Platform TPM Profile, 4.6.
std::string whose_register(std::int64_t number) {
  if (number == kOfIma) return "the kernel extends it with its IMA list";
  if (number == 16 || number == 23) return "any program may reset it";
  return "it belongs to a dynamic launch";
}

Result<void> check_register(std::int64_t number) {
  constexpr std::int64_t kLastStatic = 15;
  if (number != kOfIma && number <= kLastStatic) return {};
  return refuse("CONFIG-VALUE",
                "the setting 'attestation.runtime_register' names a register that cannot vouch for "
                "the agent's measurements",
                std::to_string(number) + ": " + whose_register(number),
                "13, or another of 0 to 15 but for 10");
}

Result<void> read_attestation(SettingsReader& reader, const std::string& folder,
                              AgentConfig& config) {
  const std::int64_t number = reader.integer("attestation.runtime_register", 13, 0, 23);
  config.runtime_register = static_cast<std::uint8_t>(number);
  const auto file = [&](std::string_view name, std::string_view fallback) {
    return beside(folder, reader.text(name, fallback));
  };
  config.event_log =
      file("attestation.event_log", "/sys/kernel/security/tpm0/binary_bios_measurements");
  config.ima_log =
      file("attestation.ima_log", "/sys/kernel/security/ima/binary_runtime_measurements");
  return check_register(number);
}

// What differs in the order of its members alone is the same configuration.
codec::Json sorted(const codec::Json& json) {
  if (const auto* array = json.if_array()) {
    codec::Json::Array elements;
    for (const codec::Json& element : *array)
      elements.push_back(sorted(element));
    return elements;
  }
  if (json.if_object() == nullptr) return json;
  std::map<std::string, codec::Json> members;
  for (const auto& [name, value] : *json.if_object())
    members.emplace(name, sorted(value));
  return codec::Json::Object(members.begin(), members.end());
}

Result<AgentConfig> read(const codec::Json& settings, const std::string& folder) {
  SettingsReader reader(settings);
  AgentConfig config;
  config.state_folder = beside(folder, reader.required_text("state_folder"));
  config.trust_domain = reader.required_text("trust_domain");
  config.server_host = reader.required_text("server.host");
  config.enrollment_port = read_port(reader, "server.enrollment_port", 1);
  config.device_port = read_port(reader, "server.device_port", 1);
  config.server_roots = beside(folder, reader.required_text("server.roots"));
  config.worker_path = beside(folder, reader.required_text("inference.worker"));
  const std::string posture = reader.text("inference.posture", "full");
  config.worker_memory_bytes = read_mebibytes(reader, "inference.memory_mib", 512, 65'536);
  config.model_max_bytes = read_mebibytes(reader, "inference.model_max_mib", 512, 65'536);
  config.replicas = static_cast<std::uint64_t>(reader.integer("inference.replicas", 4, 1, 16));
  const auto allowed = reader.texts("inference.allow");
  config.inference_deadline = std::chrono::milliseconds{
      reader.integer("inference.deadline_milliseconds", 2'000, 1, 600'000)};
  const Result<void> api = read_api(reader, folder, config);
  read_memory_api(reader, folder, config);
  config.poll_interval =
      std::chrono::seconds{reader.integer("releases.poll_seconds", 60, 1, 86'400)};
  config.cache_max_bytes =
      static_cast<std::uint64_t>(reader.integer("releases.cache_max_mib", 0, 0, 1'048'576)) << 20U;
  const auto tiers = reader.texts("releases.two_person_tiers");
  const auto models = reader.texts("releases.models");
  for (const std::string& key : reader.texts("releases.publisher_keys"))
    config.publisher_keys.push_back(beside(folder, key));
  const std::string tuf_root = reader.text("releases.tuf_root", "");
  if (!tuf_root.empty()) config.tuf_root = beside(folder, tuf_root);
  const std::string device_key = reader.text("device.key", "tpm");
  config.region = reader.text("device.region", "");
  const std::string token_file = reader.text("device.enrollment_token_file", "");
  if (!token_file.empty()) config.enrollment_token_file = beside(folder, token_file);
  const Result<void> tpm = read_tpm(reader, folder, config);
  const Result<void> attestation = read_attestation(reader, folder, config);
  VEDETTE_CHECK(reader.finish());
  VEDETTE_CHECK(read_device_key(device_key, config));
  VEDETTE_CHECK(tpm);
  VEDETTE_CHECK(attestation);
  VEDETTE_TRY(config.posture, read_posture(posture));
  VEDETTE_CHECK(api);
  VEDETTE_CHECK(read_allowed(allowed, config));
  VEDETTE_TRY(config.two_person_tiers, release::parse_tiers(tiers));
  if (models.size() > kMostModels)
    return refuse("CONFIG-VALUE", "releases.models names too many",
                  std::to_string(models.size()) + "; at most " + std::to_string(kMostModels));
  for (const std::string& text : models) {
    VEDETTE_TRY(ModelName name, ModelName::parse(text));
    config.models.push_back(std::move(name));
  }
  config.settings_sha256 = crypto::sha256(as_bytes(codec::to_json(sorted(settings))));
  return config;
}

}  // namespace

Result<AgentConfig> load_agent_config(const std::string& path) {
  VEDETTE_TRY(const codec::Json settings, codec::load_settings(path, "VEDETTE_AGENT_"));
  return read(settings, std::filesystem::absolute(path).parent_path().string());
}

}  // namespace vedette::agent
