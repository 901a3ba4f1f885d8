// ServerLink: how the agent reaches its server, and whom it takes for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/credentials.h"
#include "agent/trust_anchors.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "platform/net/http.h"

namespace vedette::agent {

// What the device trusts from its first day on: read once, at start.
struct Anchors {
  std::vector<crypto::Certificate> server_roots;
  std::vector<crypto::PublicKey> publishers;
};

// Refuses FILE-*, CERT-* and KEY-*, and CONFIG-MISSING when there is no root or no publisher.
[[nodiscard]] Result<Anchors> load_anchors(const AgentConfig& config);

class ServerLink {
 public:
  // Certificates are judged by `clock`; a client that was made is of the roots that were trusted
  // then, and of what is retired at each handshake. All of these outlive the clients.
  ServerLink(const AgentConfig& config, const TrustAnchors& trust, const Clock& clock,
             platform::HttpFactory& http)
      : config_(config), trust_(trust), clock_(clock), http_(http) {}

  // To the enrolment listener, for a device that does not know the time: certificates of any time
  // are taken but for those that ended before `passed`, a time that has passed for certain,
  // whatever the clock says; what is retired is judged as of then, too. No answer is to be believed
  // but one that is signed.
  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> insecure_of_any_time(
      TimePoint passed = {}) const;
  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> to_enrollment() const;
  // Presents the device's certificate; the TPM signs the handshake.
  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> to_device_plane(
      const Credentials& credentials) const;
  // For how long a server that is judged now is judged so: while the trust bundle's version (0:
  // none) is this one, and up to a time.
  struct Judgement {
    std::uint64_t trust_version = 0;
    std::optional<TimePoint> until{};
  };
  [[nodiscard]] Judgement judgement() const;
  [[nodiscard]] bool holds(const Judgement& judgement) const;

 private:
  using Now = std::function<TimePoint()>;
  [[nodiscard]] platform::HttpClientSettings settings(std::uint16_t port, const Now& now) const;
  [[nodiscard]] platform::HttpClientSettings settings(std::uint16_t port) const;

  const AgentConfig& config_;
  const TrustAnchors& trust_;
  const Clock& clock_;
  platform::HttpFactory& http_;
};

// A client of the device plane that is kept for the next call: a server is judged when a connection
// begins, so one does not outlive the trust bundle that it was judged by, nor the overlap of a
// rollover that it began in. For one thread.
class KeptClient {
 public:
  explicit KeptClient(const ServerLink& link) : link_(link) {}

  // The client of before, or another where the certificate is another by now, or its server would
  // have to be judged anew.
  // It is good until the next call. Refuses what ServerLink::to_device_plane refuses, and keeps
  // none then.
  [[nodiscard]] Result<platform::HttpClient*> for_device(const Credentials& credentials);

 private:
  const ServerLink& link_;
  std::unique_ptr<platform::HttpClient> client_;
  std::string certificate_;  // the one that it presents
  ServerLink::Judgement judgement_;
};

}  // namespace vedette::agent
