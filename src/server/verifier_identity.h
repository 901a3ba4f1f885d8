// VerifierIdentity: the verifier's present key, with a certificate that says whose it is.
#pragma once

#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "identity/authority.h"
#include "identity/spiffe.h"
#include "identity/trust_bundle.h"
#include "server/signing_keys.h"

namespace vedette::server {

// For devices, which know the root alone. Thread-safe.
class VerifierIdentity {
 public:
  VerifierIdentity(const Clock& clock, const identity::CertificateAuthority& authority,
                   const identity::TrustBundle& trust, const identity::SpiffeId& name,
                   const SigningKeys& keys)
      : clock_(clock), authority_(authority), trust_(trust), name_(name), keys_(keys) {}

  struct Present {
    SigningKeys::Signer signer;
    crypto::Certificate certificate;  // holds for half a day at least, where the authority's does
  };
  // Makes a certificate where the key is another, or the certificate is half through. Refuses what
  // the authority refuses.
  [[nodiscard]] Result<Present> present();

  [[nodiscard]] const identity::SpiffeId& name() const { return name_; }
  // Of the certificate, the authority above it, and what leads from former roots to its root.
  [[nodiscard]] std::string chain_pem(const Present& present) const;

 private:
  const Clock& clock_;
  const identity::CertificateAuthority& authority_;
  const identity::TrustBundle& trust_;
  const identity::SpiffeId& name_;
  const SigningKeys& keys_;
  std::mutex mutex_;  // guards what follows
  std::optional<Present> present_;
};

}  // namespace vedette::server
