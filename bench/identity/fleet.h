// A certificate authority in a folder of its own, and devices that it has certified.
//
// The devices are simulated: each has its name, record, certificate and request; what signs for
// them is a few hundred keys that they share, for neither side's work depends on whose key it is.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/key.h"
#include "platform/net/http.h"
#include "platform/store/store.h"
#include "server/config.h"
#include "server/state_folder.h"

#include "bare_tls.h"

namespace vedette::bench {

struct FleetDevice {
  DeviceId id;
  std::size_t key = 0;  // which of the fleet's
  Bytes leaf;           // DER
  Bytes request;        // a CSR that renews it, DER
};

class Fleet {
 public:
  static constexpr std::chrono::seconds kLife{3600};

  // The state of an authority that was founded a day ago, so that it can have issued certificates
  // which are half through their life, and the server's configuration. Two operators: admin,
  // second.
  [[nodiscard]] static Result<Fleet> found(const std::string& folder);

  // Certified at `issued_at` for kLife; with their records in the store.
  [[nodiscard]] Result<std::vector<FleetDevice>> enroll(platform::Store& store,
                                                        const std::string& prefix,
                                                        std::size_t count,
                                                        TimePoint issued_at) const;

  [[nodiscard]] const server::ServerConfig& config() const { return config_; }
  [[nodiscard]] const server::ServerKeys& keys() const { return keys_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string database() const { return config_.state_folder + "/server.db"; }
  [[nodiscard]] const crypto::PrivateKey& key_of(const FleetDevice& device) const {
    return pool_[device.key];
  }
  [[nodiscard]] EVP_PKEY* bare_key_of(const FleetDevice& device) const {
    return bare_pool_[device.key].get();
  }
  [[nodiscard]] X509* bare_issuing() const { return bare_issuing_.get(); }
  // `vedette-server run` on this state.
  [[nodiscard]] std::vector<std::string> server_command() const;
  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> operator_client(
      platform::HttpFactory& http, const std::string& name) const;

 private:
  Fleet(std::string folder, server::ServerConfig config, server::ServerKeys keys);
  [[nodiscard]] Result<FleetDevice> make(const std::string& prefix, std::size_t number,
                                         TimePoint issued_at) const;

  std::string folder_;
  server::ServerConfig config_;
  server::ServerKeys keys_;
  std::vector<crypto::PrivateKey> pool_;
  std::vector<BareKey> bare_pool_;
  BareCertificate bare_issuing_;
};

// Runs `work(thread)` on so many threads and waits for all.
void on_threads(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace vedette::bench
