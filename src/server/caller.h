// Caller: who is asking, as far as it was proven on this very request.
#pragma once

#include <optional>
#include <string>

#include "attestation/ear.h"
#include "base/clock.h"
#include "base/error.h"
#include "identity/device.h"
#include "identity/peer.h"
#include "identity/spiffe.h"
#include "identity/trust_bundle.h"
#include "platform/net/http.h"
#include "platform/store/store.h"
#include "policy/policy.h"
#include "server/signing_keys.h"

namespace vedette::server {

struct Caller {
  std::optional<identity::PeerIdentity> peer;  // none: an anonymous caller
  std::optional<identity::Device> device;      // the record, where the peer is a device
  std::optional<attestation::VerifiedEar>
      ear;  // a valid token of this epoch, bound to this connection

  [[nodiscard]] std::string name() const;  // `device/drone-1`, `operator/admin`, `anonymous`
  [[nodiscard]] policy::Principal principal() const;
  // What is proven of the caller, as a policy asks for it. Borrows from the caller.
  [[nodiscard]] policy::Facts facts(const policy::Policy& policy, TimePoint now) const;
};

// As Caller::name() writes it: `server/verifier`.
[[nodiscard]] std::string actor_of(const identity::SpiffeId& id);

// What is needed to tell who calls.
struct CallerJudge {
  platform::Store& store;
  const identity::TrustDomain& trust_domain;
  const identity::SpiffeId& verifier;  // issues EARs
  const SigningKeys& verifier_keys;    // and signs them
  const identity::TrustBundle& trust;  // whose issuing CAs are in force

  // Proven anew for every request: validity, SAN, issuing CA, status, key, and the bearer token if
  // one is presented. Refuses PEER-*, AUTH-UNKNOWN, AUTH-KEY, AUTH-REVOKED, AUTH-QUARANTINED, EAR-*
  // (EAR-KEY for a token of no key or of a stale one among them), AUTH-EPOCH, STORE-*.
  [[nodiscard]] Result<Caller> identify(const platform::Connection& connection,
                                        const platform::HttpRequest& request, TimePoint now) const;

 private:
  [[nodiscard]] Result<identity::Device> find_device(const identity::PeerIdentity& peer,
                                                     const crypto::Certificate& certificate) const;
  [[nodiscard]] Result<void> check_token(const std::string& token, Caller& caller,
                                         TimePoint now) const;
};

}  // namespace vedette::server
