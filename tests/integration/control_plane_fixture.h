// A real control plane in this process: TLS listeners, SQLite, blobs, all on loopback.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "agent/attestation.h"
#include "base/clock.h"
#include "platform/net/http.h"
#include "platform/net/json_api.h"
#include "server/server.h"
#include "server/signing_keys.h"
#include "server/state_folder.h"
#include "testing/temporary_folder.h"

namespace vedette {

class ControlPlane : public ::testing::Test {
 protected:
  // `adjust` sees the configuration before the server does.
  explicit ControlPlane(const std::function<void(server::ServerConfig&)>& adjust = {},
                        std::chrono::milliseconds upkeep_period = std::chrono::seconds(5));

  // Starts the server anew, with what its folder says now; its ports are others then.
  void restart();

  using Client = std::unique_ptr<platform::HttpClient>;

  [[nodiscard]] Client enrollment_client();
  // With a certificate of our authority for that device; its record is in the store.
  [[nodiscard]] Client device_client(const std::string& device);
  [[nodiscard]] Client operator_client(const std::string& name = "admin");
  void add_operator(const std::string& name);
  // Of a device that measures nothing.
  [[nodiscard]] static agent::EvidenceSource without_logs();
  [[nodiscard]] Client client(std::uint16_t port, const std::optional<crypto::Certificate>& leaf,
                              const crypto::PrivateKey& key);

  // The same with a chain that is whole, leaf first.
  [[nodiscard]] Client client_with(std::uint16_t port,
                                   const std::vector<crypto::Certificate>& chain,
                                   const crypto::PrivateKey& key);

  // A device's record with a new key and certificate, as enrolment would leave them.
  struct Enrolled {
    crypto::Certificate certificate;
    crypto::PrivateKey key;
  };
  [[nodiscard]] Enrolled enroll(const std::string& name);
  // The same for a key that is somebody else's.
  [[nodiscard]] crypto::Certificate enroll(const std::string& name, const crypto::PublicKey& key);

  // The key that the server signs verdicts with now.
  [[nodiscard]] server::SigningKeys::Signer verifier() const;
  // A verdict that was given so long ago, as that key, or another one, signs it.
  [[nodiscard]] std::string verdict(const Enrolled& device, const std::string& name,
                                    std::chrono::seconds age) const;
  [[nodiscard]] std::string verdict(const Enrolled& device, const std::string& name,
                                    std::chrono::seconds age,
                                    const server::SigningKeys::Signer& by) const;

  // The code of the refusal that the answer tells; empty for none.
  [[nodiscard]] static std::string code(const Result<platform::HttpResponse>& response);
  [[nodiscard]] static std::string post(platform::HttpClient& client, const std::string& target,
                                        const std::string& body);
  [[nodiscard]] static std::string get(platform::HttpClient& client, const std::string& target);

  TemporaryFolder folder_;
  SystemClock clock_;
  std::unique_ptr<platform::HttpFactory> http_;
  std::unique_ptr<platform::Store> store_;
  std::unique_ptr<release::BlobStore> blobs_;
  crypto::PrivateKey publisher_ = crypto::PrivateKey::generate_p256();
  server::ServerConfig config_;
  std::optional<server::ServerKeys> keys_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace vedette
