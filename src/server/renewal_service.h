// RenewalService: when a device is to renew its certificate, signed (RFC 9773's idea, for EST).
#pragma once

#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "identity/authority.h"
#include "identity/spiffe.h"
#include "server/route.h"
#include "server/signing_keys.h"

namespace vedette::server {

// Thread-safe.
class RenewalService {
 public:
  RenewalService(const Clock& clock, const identity::CertificateAuthority& authority,
                 const identity::SpiffeId& verifier, const SigningKeys& keys)
      : clock_(clock), authority_(authority), verifier_(verifier), keys_(keys) {}

  [[nodiscard]] Result<platform::HttpResponse> info(const Call& call);

  struct Signer {
    SigningKeys::Signer key;
    crypto::Certificate certificate;  // says whose the key is: devices know the root alone
  };
  // The present key with a certificate that holds for half a day at least, where the authority's
  // lets it: made anew when either is due.
  [[nodiscard]] Result<Signer> signer();

 private:
  const Clock& clock_;
  const identity::CertificateAuthority& authority_;
  const identity::SpiffeId& verifier_;
  const SigningKeys& keys_;
  std::mutex mutex_;  // guards what follows
  std::optional<Signer> signer_;
};

}  // namespace vedette::server
