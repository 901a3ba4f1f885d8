#include "agent/server_link.h"

#include <span>
#include <utility>

#include "base/fd.h"

namespace vedette::agent {

namespace {

constexpr std::size_t kMaxPemBytes = 1U << 20U;

// What a device knows to have passed has passed, however little else it knows of the time.
Result<void> check_not_over(std::span<const crypto::Certificate> chain, TimePoint passed) {
  for (const crypto::Certificate& certificate : chain)
    if (certificate.not_after() < passed)
      return refuse("NET-EXPIRED", "the server's certificate has ended",
                    certificate.subject() + ", on " + to_rfc3339(certificate.not_after()));
  return {};
}

}  // namespace

Result<Anchors> load_anchors(const AgentConfig& config) {
  Anchors anchors;
  VEDETTE_TRY(const Bytes roots, read_file(config.server_roots, kMaxPemBytes));
  VEDETTE_TRY(anchors.server_roots, crypto::Certificate::all_from_pem(as_text(roots)));
  if (anchors.server_roots.empty())
    return refuse("CONFIG-MISSING", "the file of 'server.roots' holds no certificate",
                  config.server_roots);
  for (const std::string& path : config.publisher_keys) {
    VEDETTE_TRY(const Bytes pem, read_file(path, kMaxPemBytes));
    VEDETTE_TRY(crypto::PublicKey key, crypto::PublicKey::from_pem(as_text(pem)));
    anchors.publishers.push_back(std::move(key));
  }
  if (anchors.publishers.empty() && !config.models.empty())
    return refuse("CONFIG-MISSING", "models are to be fetched, but no publisher is trusted", {},
                  "set 'releases.publisher_keys' to the PEM files of their public keys");
  return anchors;
}

platform::HttpClientSettings ServerLink::settings(std::uint16_t port, const Now& now) const {
  platform::HttpClientSettings settings;
  settings.host = config_.server_host;
  settings.port = port;
  settings.roots = trust_.roots_at(now());
  settings.clock = &clock_;
  settings.judge_server = [&trust = trust_, now](const auto& chain) {
    return trust.check_server(chain, now());
  };
  return settings;
}

platform::HttpClientSettings ServerLink::settings(std::uint16_t port) const {
  return settings(port, [&clock = clock_] { return clock.now(); });
}

Result<std::unique_ptr<platform::HttpClient>> ServerLink::insecure_of_any_time(
    TimePoint passed) const {
  platform::HttpClientSettings any_time =
      settings(config_.enrollment_port, [passed] { return passed; });
  any_time.insecure_any_time = true;
  any_time.judge_server = [still = any_time.judge_server,
                           passed](const auto& chain) -> Result<void> {
    VEDETTE_CHECK(check_not_over(chain, passed));
    return still(chain);
  };
  return http_.connect(any_time);
}

Result<std::unique_ptr<platform::HttpClient>> ServerLink::to_enrollment() const {
  return http_.connect(settings(config_.enrollment_port));
}

Result<std::unique_ptr<platform::HttpClient>> ServerLink::to_device_plane(
    const Credentials& credentials) const {
  platform::HttpClientSettings ours = settings(config_.device_port);
  ours.chain = credentials.chain;
  ours.key = credentials.key;
  return http_.connect(ours);
}

ServerLink::Judgement ServerLink::judgement() const {
  return {.trust_version = trust_.version(), .until = trust_.next_end(clock_.now())};
}

bool ServerLink::holds(const Judgement& judgement) const {
  return judgement.trust_version == trust_.version() &&
         (!judgement.until || clock_.now() < *judgement.until);
}

Result<platform::HttpClient*> KeptClient::for_device(const Credentials& credentials) {
  std::string certificate = credentials.leaf().serial_hex();
  if (client_ != nullptr && certificate == certificate_ && link_.holds(judgement_))
    return client_.get();
  client_ = nullptr;
  judgement_ = link_.judgement();  // before: what changes meanwhile makes it too old, never too new
  VEDETTE_TRY(client_, link_.to_device_plane(credentials));
  certificate_ = std::move(certificate);
  return client_.get();
}

}  // namespace vedette::agent
