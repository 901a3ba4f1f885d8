// An attestation token for a device, sound until a test bends it.
#pragma once

#include "attestation/ear.h"

namespace vedette::attestation {

struct EarScene {
  TimePoint now = from_unix_seconds(1'900'000'000);
  crypto::PrivateKey verifier = crypto::PrivateKey::generate_p256();
  EarClaims claims = sound_claims();

  [[nodiscard]] EarExpectation expectation() const {
    return {.verifier_key = verifier.public_key(),
            .issuer = "spiffe://edge.example/server/control-plane",
            .subject = "spiffe://edge.example/device/drone-1",
            .certificate_fingerprint = crypto::sha256(as_bytes("certificate")),
            .now = now};
  }
  [[nodiscard]] std::string token() const { return issue_ear(claims, verifier, "v1").value(); }

 private:
  [[nodiscard]] EarClaims sound_claims() const {
    EarClaims made{.issuer = "spiffe://edge.example/server/control-plane",
                   .subject = "spiffe://edge.example/device/drone-1",
                   .group = GroupId::parse("drones").value(),
                   .epoch = Epoch{3},
                   .status = TrustTier::affirming,
                   .vector = {},
                   .nonce = Bytes(32, 0x11),
                   .certificate_fingerprint = crypto::sha256(as_bytes("certificate")),
                   .issued_at = now,
                   .expires_at = now + std::chrono::minutes(10)};
    made.vector.set(TrustClaim::instance_identity, 2);
    made.vector.set(TrustClaim::executables, 3);
    return made;
  }
};

}  // namespace vedette::attestation
