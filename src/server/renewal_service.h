// RenewalService: when a device is to renew its certificate, signed (RFC 9773's idea, for EST).
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "identity/spiffe.h"
#include "server/route.h"

namespace vedette::server {

class RenewalService {
 public:
  // `certificate` says whose the key is, so that devices need to know the root alone.
  RenewalService(const Clock& clock, const identity::SpiffeId& verifier,
                 const crypto::PrivateKey& key, crypto::Certificate certificate)
      : clock_(clock), verifier_(verifier), key_(key), certificate_(std::move(certificate)) {}

  [[nodiscard]] Result<platform::HttpResponse> info(const Call& call);

 private:
  const Clock& clock_;
  const identity::SpiffeId& verifier_;
  const crypto::PrivateKey& key_;
  crypto::Certificate certificate_;
};

}  // namespace vedette::server
