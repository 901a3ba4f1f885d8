// RenewalService: when a device is to renew its certificate, signed (RFC 9773's idea, for EST); and
// what time it is, for devices whose clock nobody set.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "server/route.h"
#include "server/verifier_identity.h"

namespace vedette::server {

class RenewalService {
 public:
  RenewalService(const Clock& clock, VerifierIdentity& verifier)
      : clock_(clock), verifier_(verifier) {}

  [[nodiscard]] Result<platform::HttpResponse> info(const Call& call);
  // Anybody may ask: it answers the nonce of the question. Refuses TIME-NONCE and BASE64-SYNTAX.
  [[nodiscard]] Result<platform::HttpResponse> time(const Call& call);

 private:
  const Clock& clock_;
  VerifierIdentity& verifier_;
};

}  // namespace vedette::server
