// Group 14 of the identity attacks, in small: a herd renews at once, and the server is started
// again half way. `./dev bench identity herd` does it with 100,000 devices and a server that is
// killed.
#include <atomic>
#include <chrono>
#include <thread>

#include "agent/enrollment.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

constexpr std::size_t kDevices = 120;
constexpr std::size_t kThreads = 12;
constexpr std::size_t kPlaces = 4;  // fewer, so that many are turned away at first
constexpr std::chrono::seconds kPatience{60};

class RenewalStorm : public ControlPlane {
 protected:
  RenewalStorm()
      : ControlPlane([](server::ServerConfig& config) { config.issuances_at_once = kPlaces; }) {
    for (std::size_t i = 0; i < kDevices; ++i)
      devices_.push_back(enroll("drone-" + std::to_string(i)));
  }

  void start_again() {
    server::ServerConfig config;
    config.keys.insecure_unencrypted = true;
    config.state_folder = folder_ / "state";
    config.trust_domain = "test.vedette";
    config.ip_addresses = {"127.0.0.1"};
    config.registers = {0, 4};
    config.device.port = server_->ports().device;
    config.issuances_at_once = kPlaces;
    server_.reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    server_ = server::Server::start(config, {clock_, *http_, *store_, *blobs_}).value();
  }

  // Until it has another certificate; its serial number.
  std::string renew(std::size_t device, std::uint16_t port) {
    const Enrolled& old = devices_[device];
    const auto credentials = agent::make_credentials({old.certificate, keys_->authority.issuing()},
                                                     old.key, "test.vedette", clock_.now())
                                 .value();
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      const auto plane = client(port, old.certificate, old.key);
      std::optional<Duration> wait;
      const auto renewed = agent::renew(*plane, credentials, &wait);
      if (renewed) return renewed->front().serial_hex();
      if (wait) ++turned_away_;
      // A test has no 5 to 15 seconds for each.
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return {};
  }

  std::vector<Enrolled> devices_;
  std::atomic<std::size_t> turned_away_ = 0;
};

TEST_F(RenewalStorm, EveryDeviceIsRenewedOnceThoughTheServerIsStartedAgainHalfWay) {
  std::vector<std::string> serials(kDevices);
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> renewed = 0;
  const std::uint16_t port = server_->ports().device;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (std::size_t device = next++; device < kDevices; device = next++) {
        serials[device] = renew(device, port);
        ++renewed;
      }
    });
  while (renewed < kDevices / 2)
    std::this_thread::yield();
  start_again();
  for (auto& thread : threads)
    thread.join();
  EXPECT_GT(turned_away_, 0U) << "with a Retry-After, else this tests nothing of it";
  for (std::size_t i = 0; i < kDevices; ++i) {
    EXPECT_NE(serials[i], "") << "drone-" << i << " has no new certificate";
    const auto read = store_->read([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(const auto latest,
                  unit.certificates().latest(*DeviceId::parse("drone-" + std::to_string(i)),
                                             devices_[i].key.public_key().spki_sha256()));
      EXPECT_EQ(latest->serial_hex, serials[i]) << "it was issued another";
      return {};
    });
    EXPECT_TRUE(read.has_value());
  }
}

}  // namespace
}  // namespace vedette
