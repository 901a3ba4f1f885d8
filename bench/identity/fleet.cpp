#include "fleet.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "identity/spiffe.h"

namespace vedette::bench {

namespace {

constexpr const char* kDomain = "bench.vedette";
constexpr std::size_t kPool = 256;
constexpr std::size_t kAtOnce = 1000;
constexpr std::size_t kMaxPemBytes = 64U << 10U;

server::ServerConfig config_in(const std::string& folder) {
  server::ServerConfig config;
  config.state_folder = folder + "/state";
  config.trust_domain = kDomain;
  config.keys.insecure_unencrypted = true;  // they live as long as the measurement
  config.ip_addresses = {"127.0.0.1"};
  config.enrollment.port = free_port();
  config.device.port = free_port();
  config.operators.port = free_port();
  config.registers = {0, 4, config.runtime_register};
  return config;
}

std::string toml_of(const server::ServerConfig& config) {
  const auto listener = [](const char* name, const server::Listener& at) {
    return std::string("[") + name + "]\nport = " + std::to_string(at.port) + "\n";
  };
  return "state_folder = \"state\"\ntrust_domain = \"" + config.trust_domain +
         "\"\nip_addresses = [\"127.0.0.1\"]\n[keys]\ninsecure_unencrypted = true\n" +
         listener("enrollment", config.enrollment) + listener("device", config.device) +
         listener("operator", config.operators) + "[attestation]\nregisters = [0, 4]\n";
}

}  // namespace

void on_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&work, i] { work(i); });
  for (auto& thread : threads)
    thread.join();
}

Fleet::Fleet(std::string folder, server::ServerConfig config, server::ServerKeys keys)
    : folder_(std::move(folder)),
      config_(std::move(config)),
      keys_(std::move(keys)),
      bare_issuing_(bare_certificate(keys_.authority.issuing().der())) {
  for (std::size_t i = 0; i < kPool; ++i) {
    pool_.push_back(crypto::PrivateKey::generate_p256());
    bare_pool_.push_back(bare_key(pool_.back()));
  }
}

Result<Fleet> Fleet::found(const std::string& folder) {
  server::ServerConfig config = config_in(folder);
  const TimePoint now = SystemClock().now();
  VEDETTE_TRY(const auto domain, identity::TrustDomain::parse(kDomain));
  VEDETTE_TRY(const auto custody, server::KeyCustody::open(config.keys, nullptr));
  VEDETTE_TRY(const auto admin, OperatorId::parse("admin"));
  VEDETTE_TRY(const auto second, OperatorId::parse("second"));
  VEDETTE_CHECK(server::create_state(config.state_folder, domain, admin,
                                     now - std::chrono::hours(24), custody));
  VEDETTE_TRY(auto keys, server::load_state(config.state_folder, domain, now, custody));
  VEDETTE_CHECK(server::add_operator(config.state_folder, keys.authority, second, now));
  VEDETTE_CHECK(write_file_atomically(folder + "/server.toml", as_bytes(toml_of(config)), 0600));
  return Fleet(folder, std::move(config), std::move(keys));
}

Result<FleetDevice> Fleet::make(const std::string& prefix, std::size_t number,
                                TimePoint issued_at) const {
  VEDETTE_TRY(DeviceId id, DeviceId::parse(prefix + "-" + std::to_string(number)));
  const std::size_t key = number % pool_.size();
  VEDETTE_TRY(const auto leaf,
              keys_.authority.issue_device(id, pool_[key].public_key(), issued_at, kLife));
  VEDETTE_TRY(Bytes request, crypto::make_certificate_request(
                                 pool_[key], id.str(),
                                 identity::SpiffeId(keys_.authority.trust_domain(), id).str()));
  return FleetDevice{std::move(id), key, leaf.der(), std::move(request)};
}

Result<std::vector<FleetDevice>> Fleet::enroll(platform::Store& store, const std::string& prefix,
                                               std::size_t count, TimePoint issued_at) const {
  std::vector<std::optional<FleetDevice>> made(count);
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> failure;
  on_threads(std::max(std::thread::hardware_concurrency(), 1U), [&](std::size_t) {
    for (std::size_t i = next++; i < count; i = next++) {
      auto device = make(prefix, i, issued_at);
      if (device) {
        made[i] = *std::move(device);
        continue;
      }
      const std::scoped_lock lock(mutex);
      failure = device.error();
    }
  });
  if (failure) return std::unexpected(*failure);
  VEDETTE_TRY(const auto group, GroupId::parse("fleet"));
  std::vector<FleetDevice> devices;
  devices.reserve(count);
  for (std::size_t first = 0; first < count; first += kAtOnce) {
    VEDETTE_CHECK(store.write([&](platform::UnitOfWork& unit) -> Result<void> {
      for (std::size_t i = first; i < std::min(first + kAtOnce, count); ++i) {
        const auto endorsement = crypto::sha256(as_bytes(made[i]->id.str()));
        VEDETTE_CHECK(unit.enrollment_rules().allow({endorsement, made[i]->id, group}));
        VEDETTE_CHECK(unit.devices().save(
            {.id = made[i]->id,
             .group = group,
             .status = identity::DeviceStatus::active,
             .epoch = Epoch{1},
             .endorsement_sha256 = endorsement,
             .attestation_key = {1},
             .device_key_sha256 = pool_[made[i]->key].public_key().spki_sha256(),
             .enrolled_at = issued_at,
             .status_since = issued_at,
             .status_reason = {}}));
      }
      return {};
    }));
  }
  for (auto& device : made)
    devices.push_back(*std::move(device));
  return devices;
}

std::vector<std::string> Fleet::server_command() const {
  return {VEDETTE_BIN_DIR "/vedette-server", "run", "--config", folder_ + "/server.toml"};
}

Result<std::unique_ptr<platform::HttpClient>> Fleet::operator_client(
    platform::HttpFactory& http, const std::string& name) const {
  const std::string own = config_.state_folder + "/operators/" + name + "/";
  VEDETTE_TRY(const Bytes chain, read_file(own + "operator.pem", kMaxPemBytes));
  VEDETTE_TRY(const Bytes key, read_file(own + "operator.key", kMaxPemBytes));
  platform::HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = config_.operators.port;
  settings.roots = {keys_.authority.root()};
  VEDETTE_TRY(settings.chain, crypto::Certificate::all_from_pem(as_text(chain)));
  VEDETTE_TRY(settings.key, crypto::PrivateKey::from_pem(as_text(key)));
  return http.connect(settings);
}

}  // namespace vedette::bench
