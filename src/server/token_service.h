// TokenService: access tokens for attested devices, and the keys that relying parties check them
// with.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "identity/spiffe.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"
#include "server/signing_keys.h"

namespace vedette::server {

// Thread-safe.
class TokenService {
 public:
  TokenService(Chronicle& chronicle, const Clock& clock, const identity::SpiffeId& verifier,
               const SigningKeys& keys)
      : chronicle_(chronicle), clock_(clock), verifier_(verifier), keys_(keys) {}

  // For a device whose verdict came with the request. A token ends with the verdict, with the
  // certificate, and after five minutes, whatever is first. Refuses TOKEN-*, AUTH-REVOKED,
  // AUTH-EPOCH (trust was withdrawn since the gate looked) and JSON-*.
  [[nodiscard]] Result<platform::HttpResponse> issue(const Call& call);
  // Anybody may have the keys (RFC 7517).
  [[nodiscard]] Result<platform::HttpResponse> key_set(const Call& call);

 private:
  Chronicle& chronicle_;
  const Clock& clock_;
  const identity::SpiffeId& verifier_;
  const SigningKeys& keys_;
};

}  // namespace vedette::server
