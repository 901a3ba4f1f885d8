#include "control_plane_fixture.h"

#include <stdexcept>

#include "attestation/ear.h"
#include "base/fd.h"
#include "platform/net/beast/beast_http.h"
#include "platform/store/files/folder_blob_store.h"
#include "platform/store/sqlite/sqlite_store.h"

namespace vedette {

namespace {

constexpr const char* kDomain = "test.vedette";

// Set-up that fails is a broken test, not a refusal to look at.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(describe(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace

ControlPlane::ControlPlane(const std::function<void(server::ServerConfig&)>& adjust,
                           std::chrono::milliseconds upkeep_period)
    : http_(platform::make_beast_http()) {
  const auto domain = must(identity::TrustDomain::parse(kDomain));
  const std::string state = folder_ / "state";
  server::ServerConfig& config = config_;
  config.keys.insecure_unencrypted = true;
  const auto custody = must(server::KeyCustody::open(config.keys, nullptr));
  must(
      server::create_state(state, domain, must(OperatorId::parse("admin")), clock_.now(), custody));
  keys_ = must(server::load_state(state, domain, clock_.now(), custody));
  const std::string publisher_path = folder_ / "publisher.pub";
  must(write_file_atomically(publisher_path, as_bytes(publisher_.public_key().pem()), 0644));
  store_ = must(platform::open_sqlite_store(state + "/server.db"));
  blobs_ = must(platform::open_folder_blob_store(state + "/blobs"));
  config.state_folder = state;
  config.trust_domain = kDomain;
  config.ip_addresses = {"127.0.0.1"};
  config.publisher_keys = {publisher_path};
  config.registers = {0, 4};
  if (adjust) adjust(config);
  server_ = must(
      server::Server::start(config, {clock_, *http_, *store_, *blobs_, nullptr, upkeep_period}));
}

void ControlPlane::restart() {
  server_.reset();
  const auto domain = must(identity::TrustDomain::parse(kDomain));
  const auto custody = must(server::KeyCustody::open(config_.keys, nullptr));
  keys_ = must(server::load_state(config_.state_folder, domain, clock_.now(), custody));
  server_ = must(server::Server::start(config_, {clock_, *http_, *store_, *blobs_}));
}

ControlPlane::Client ControlPlane::client(std::uint16_t port,
                                          const std::optional<crypto::Certificate>& leaf,
                                          const crypto::PrivateKey& key) {
  if (!leaf) return client_with(port, {}, key);
  return client_with(port, {*leaf, keys_->authority.issuing()}, key);
}

ControlPlane::Client ControlPlane::client_with(std::uint16_t port,
                                               const std::vector<crypto::Certificate>& chain,
                                               const crypto::PrivateKey& key) {
  platform::HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.roots = {keys_->authority.root()};
  settings.chain = chain;
  if (!chain.empty()) settings.key = key;
  return must(http_->connect(settings));
}

ControlPlane::Client ControlPlane::enrollment_client() {
  return client(server_->ports().enrollment, {}, publisher_);
}

ControlPlane::Enrolled ControlPlane::enroll(const std::string& name) {
  auto key = crypto::PrivateKey::generate_p256();
  auto leaf = enroll(name, key.public_key());
  return {std::move(leaf), std::move(key)};
}

crypto::Certificate ControlPlane::enroll(const std::string& name, const crypto::PublicKey& key) {
  const auto id = must(DeviceId::parse(name));
  auto leaf = must(keys_->authority.issue_device(id, key, clock_.now(), std::chrono::hours(1)));
  const identity::Device device{.id = id,
                                .group = must(GroupId::parse("group")),
                                .status = identity::DeviceStatus::active,
                                .epoch = Epoch{1},
                                .endorsement_sha256 = crypto::sha256(as_bytes(name)),
                                .attestation_key = to_bytes("unused"),
                                .device_key_sha256 = key.spki_sha256(),
                                .enrolled_at = clock_.now(),
                                .status_since = {},
                                .status_reason = {}};
  must(store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
    VEDETTE_CHECK(unit.enrollment_rules().allow({device.endorsement_sha256, id, device.group}));
    return unit.devices().save(device);
  }));
  return leaf;
}

server::SigningKeys::Signer ControlPlane::verifier() const {
  server::KeySettings settings;
  settings.insecure_unencrypted = true;
  const auto keys = must(server::SigningKeys::open(
      folder_ / "state", must(server::KeyCustody::open(settings, nullptr)), identity::KeyTerms{},
      clock_.now()));
  return keys->signer(clock_.now());
}

std::string ControlPlane::verdict(const Enrolled& device, const std::string& name,
                                  std::chrono::seconds age) const {
  return verdict(device, name, age, verifier());
}

std::string ControlPlane::verdict(const Enrolled& device, const std::string& name,
                                  std::chrono::seconds age,
                                  const server::SigningKeys::Signer& by) const {
  attestation::TrustVector vector;
  vector.set(attestation::TrustClaim::instance_identity, attestation::trust::kRecognised);
  const attestation::EarClaims claims{.issuer = "spiffe://test.vedette/server/verifier",
                                      .subject = "spiffe://test.vedette/device/" + name,
                                      .group = must(GroupId::parse("group")),
                                      .epoch = Epoch{1},
                                      .status = attestation::TrustTier::affirming,
                                      .vector = vector,
                                      .nonce = Bytes(32, 1),
                                      .certificate_fingerprint = device.certificate.fingerprint(),
                                      .issued_at = clock_.now() - age,
                                      .expires_at = clock_.now() - age + std::chrono::minutes(30)};
  return must(attestation::issue_ear(claims, by.key, by.id));
}

ControlPlane::Client ControlPlane::device_client(const std::string& device) {
  const Enrolled enrolled = enroll(device);
  return client(server_->ports().device, enrolled.certificate, enrolled.key);
}

void ControlPlane::add_operator(const std::string& name) {
  must(server::add_operator(folder_ / "state", keys_->authority, must(OperatorId::parse(name)),
                            clock_.now()));
}

ControlPlane::Client ControlPlane::operator_client(const std::string& name) {
  const std::string own = folder_ / ("state/operators/" + name + "/");
  const auto chain = must(read_file(own + "operator.pem", 1U << 16U));
  const auto key = must(read_file(own + "operator.key", 1U << 16U));
  return client_with(server_->ports().operators,
                     must(crypto::Certificate::all_from_pem(as_text(chain))),
                     must(crypto::PrivateKey::from_pem(as_text(key))));
}

agent::EvidenceSource ControlPlane::without_logs() {
  return {.runtime_register = 13, .everything = true, .read = [](const agent::LogWish& /*wish*/) {
            return agent::DeviceLogs{
                .event_log = {}, .ima = {}, .runtime = agent::DeviceLogs::Slice{}};
          }};
}

std::string ControlPlane::code(const Result<platform::HttpResponse>& response) {
  if (!response) return response.error().code;
  const auto success = platform::expect_success(*response);
  return success ? std::string{} : success.error().code;
}

std::string ControlPlane::post(platform::HttpClient& client, const std::string& target,
                               const std::string& body) {
  return code(
      client.send({.method = "POST", .target = target, .headers = {}, .body = to_bytes(body)}));
}

std::string ControlPlane::get(platform::HttpClient& client, const std::string& target) {
  return code(client.send(platform::get_request(target)));
}

}  // namespace vedette
