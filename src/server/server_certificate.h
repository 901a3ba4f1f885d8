// ServerCertificate: what the listeners show of the server, made anew while it runs.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "identity/authority.h"
#include "identity/trust_bundle.h"
#include "platform/net/http.h"
#include "server/revocation_service.h"

namespace vedette::server {

// Of one thread. A fresh key with each certificate, never on disk.
class ServerCertificate {
 public:
  ServerCertificate(const Clock& clock, const identity::CertificateAuthority& authority,
                    const identity::TrustBundle& trust, RevocationService& revocations,
                    identity::ServerNames names, std::chrono::seconds lifetime)
      : clock_(clock),
        authority_(authority),
        trust_(trust),
        revocations_(revocations),
        names_(std::move(names)),
        lifetime_(lifetime) {}

  // Makes the certificate when there is none or half of its life is over, and the OCSP response to
  // it when half of that one's is. Returns whether there is anything new to show. Refuses what the
  // authority refuses: then what there is goes on, but for a response that has ended.
  [[nodiscard]] Result<bool> tend();

  // For the listeners; to be called after tend() has succeeded once.
  [[nodiscard]] platform::TlsServerSettings settings() const;

 private:
  struct Shown {
    crypto::PrivateKey key;
    crypto::Certificate leaf;
    crypto::Certificate issuing;
    OcspStatement statement{};
  };

  [[nodiscard]] Result<bool> renew_certificate(TimePoint now);
  [[nodiscard]] Result<bool> renew_statement(TimePoint now);

  const Clock& clock_;
  const identity::CertificateAuthority& authority_;
  const identity::TrustBundle& trust_;
  RevocationService& revocations_;
  const identity::ServerNames names_;
  const std::chrono::seconds lifetime_;
  std::optional<Shown> shown_;
};

}  // namespace vedette::server
