#include "cli/operator_client.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/fd.h"
#include "base/secret.h"
#include "cli/passphrase.h"
#include "codec/settings.h"
#include "platform/keys/secret_file.h"
#include "platform/net/json_api.h"

namespace vedette::cli {

namespace {

constexpr std::size_t kMaxPemBytes = 256U << 10U;
constexpr std::int64_t kMaxPort = 65'535;

std::string beside(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).string();
}

Result<std::vector<crypto::Certificate>> read_certificates(const std::string& path) {
  VEDETTE_TRY(const Bytes pem, read_file(path, kMaxPemBytes));
  return crypto::Certificate::all_from_pem(as_text(pem));
}

// None for a key that lies open.
Result<SecretBytes> passphrase_of(const std::string& path, std::string_view pem,
                                  const std::string& passphrase_file, const Console* console) {
  if (pem.find("ENCRYPTED") == std::string_view::npos) return SecretBytes();
  if (!passphrase_file.empty()) return platform::read_secret_file(passphrase_file);
  VEDETTE_TRY(auto found, find_passphrase(console == nullptr ? Console{} : *console,
                                          "passphrase of " + path, kOperatorKey));
  if (!found)
    return refuse(
        "CLI-PASSPHRASE", "the operator's key is encrypted and nobody gave a passphrase", path,
        "set VEDETTE_OPERATOR_PASSPHRASE, name a passphrase_file in operator.toml, or run "
        "this on a terminal");
  return *std::move(found);
}

Result<crypto::PrivateKey> read_operator_key(const std::string& key,
                                             const std::string& passphrase_file,
                                             const OperatorFolder& place,
                                             const std::string& folder) {
  if (key.starts_with("pkcs11:")) {
    if (place.keys == nullptr) return refuse("KEY-PROVIDER", "keys in tokens cannot be used here");
    return place.keys->private_key(key);
  }
  const std::string path = beside(folder, key);
  VEDETTE_TRY(Bytes content, read_file(path, kMaxPemBytes));
  const SecretBytes pem(std::move(content));
  VEDETTE_TRY(
      const SecretBytes passphrase,
      passphrase_of(path, as_text(pem.expose()),
                    passphrase_file.empty() ? "" : beside(folder, passphrase_file), place.console));
  return crypto::PrivateKey::from_pem(as_text(pem.expose()), passphrase.expose());
}

}  // namespace

Result<OperatorProfile> load_operator_profile(const OperatorFolder& place) {
  std::string folder = place.path;
  const char* environment = std::getenv("VEDETTE_OPERATOR");
  if (folder.empty() && environment != nullptr) folder = environment;
  if (folder.empty())
    return refuse(
        "CLI-OPERATOR", "no operator was named", {},
        "pass --operator FOLDER or set VEDETTE_OPERATOR; 'vedette-server init' makes one");
  const std::string path = beside(folder, "operator.toml");
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return refuse("CLI-OPERATOR", "the operator's folder has no operator.toml", path,
                  "write into it where the server listens for operators: host = \"...\" and port = "
                  "...");
  VEDETTE_TRY(const codec::Json settings, codec::load_settings(path, ""));
  codec::SettingsReader reader(settings);
  OperatorProfile profile{.connection = {}, .folder = folder};
  profile.connection.host = reader.required_text("host");
  profile.connection.port = static_cast<std::uint16_t>(reader.integer("port", 0, 1, kMaxPort));
  const std::string roots = reader.text("roots", "roots.pem");
  const std::string certificate = reader.text("certificate", "operator.pem");
  const std::string key = reader.text("key", "operator.key");
  const std::string passphrase_file = reader.text("passphrase_file", "");
  VEDETTE_CHECK(reader.finish());
  if (profile.connection.port == 0)
    return refuse("CONFIG-MISSING", "the setting 'port' is missing", path);
  VEDETTE_TRY(profile.connection.roots, read_certificates(beside(folder, roots)));
  VEDETTE_TRY(profile.connection.chain, read_certificates(beside(folder, certificate)));
  VEDETTE_TRY(profile.connection.key, read_operator_key(key, passphrase_file, place, folder));
  return profile;
}

Result<OperatorClient> OperatorClient::open(platform::HttpFactory& http,
                                            const OperatorFolder& folder,
                                            std::chrono::seconds patience) {
  VEDETTE_TRY(OperatorProfile profile, load_operator_profile(folder));
  profile.connection.timeout = patience;
  VEDETTE_TRY(auto client, http.connect(profile.connection));
  return OperatorClient(std::move(client));
}

Result<codec::Json> OperatorClient::send(const platform::HttpRequest& request) {
  VEDETTE_TRY(const auto response, client_->send(request));
  return platform::read_json_answer(response);
}

Result<codec::Json> OperatorClient::get(const std::string& target) {
  return send(platform::get_request(target));
}

Result<std::string> OperatorClient::get_text(const std::string& target) {
  VEDETTE_TRY(auto response, client_->send(platform::get_request(target)));
  VEDETTE_TRY(response, platform::expect_success(std::move(response)));
  return std::string(as_text(response.body));
}

Result<codec::Json> OperatorClient::post(const std::string& target, const codec::Json& body) {
  return send(platform::json_request("POST", target, body));
}

Result<codec::Json> OperatorClient::put(const std::string& target, const codec::Json& body) {
  return send(platform::json_request("PUT", target, body));
}

Result<codec::Json> OperatorClient::put_octets(const std::string& target, Bytes body) {
  return send({.method = "PUT",
               .target = target,
               .headers = {{"content-type", "application/octet-stream"}},
               .body = std::move(body)});
}

}  // namespace vedette::cli
