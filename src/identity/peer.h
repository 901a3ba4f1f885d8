// PeerIdentity: who holds a certificate that TLS found genuine.
#pragma once

#include <string>
#include <variant>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/certificate.h"
#include "identity/spiffe.h"

namespace vedette::identity {

// Made by identify_peer alone: to hold one is to know that the certificate passed.
class PeerIdentity {
 public:
  [[nodiscard]] PrincipalKind kind() const;              // device or operator_
  [[nodiscard]] Result<DeviceId> device() const;         // refuses PEER-KIND for an operator
  [[nodiscard]] Result<OperatorId> operator_id() const;  // refuses PEER-KIND for a device
  [[nodiscard]] const std::string& name() const;
  // SHA-256 of the certificate: what tokens and quotes are bound to.
  [[nodiscard]] const crypto::Sha256Digest& certificate_fingerprint() const { return fingerprint_; }

 private:
  friend Result<PeerIdentity> identify_peer(const crypto::Certificate&, const TrustDomain&,
                                            TimePoint);
  PeerIdentity(std::variant<DeviceId, OperatorId> who, const crypto::Sha256Digest& fingerprint)
      : who_(std::move(who)), fingerprint_(fingerprint) {}

  std::variant<DeviceId, OperatorId> who_;
  crypto::Sha256Digest fingerprint_;
};

// `certificate` is the leaf of a chain that the TLS layer has verified to our own root; nothing
// else of TLS's judgement is relied on. To be called for every request and not once per
// connection: TLS looks at the dates in the handshake alone, and not even then when it resumes.
//
// Refuses PEER-CA, PEER-NOT-YET-VALID, PEER-EXPIRED, PEER-SAN (anything but exactly one subject
// alternative name, which is a URI), SPIFFE-*, PEER-TRUST-DOMAIN, and PEER-KIND for a server.
[[nodiscard]] Result<PeerIdentity> identify_peer(const crypto::Certificate& certificate,
                                                 const TrustDomain& trust_domain, TimePoint now);

}  // namespace vedette::identity
