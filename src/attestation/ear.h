// EAR: the verdict as a token (draft-ietf-rats-ear-03, RFC 9711), an ES256 JWT bound to the
// device's certificate (RFC 8705, 3.1).
#pragma once

#include <string>
#include <string_view>

#include "attestation/trust_vector.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::attestation {

inline constexpr const char* kEarType = "eat+jwt";
inline constexpr const char* kEarProfile = "tag:ietf.org,2026:rats/ear#03";
// Of the drafts before, which Veraison and Trustee issue: taken, never issued.
inline constexpr const char* kOldEarProfile = "tag:github.com,2023:veraison/ear";
inline constexpr Duration kMaxEarLifetime = std::chrono::hours(1);
inline constexpr Duration kEarClockSkew = std::chrono::seconds(60);

struct EarClaims {
  std::string issuer;   // the verifier, as its SPIFFE ID
  std::string subject;  // the device, as its SPIFFE ID
  GroupId group;
  Epoch epoch;
  TrustTier status = TrustTier::contraindicated;
  TrustVector vector;
  Bytes nonce;  // of the challenge, 8 to 64 octets
  crypto::Sha256Digest certificate_fingerprint{};
  TimePoint issued_at;          // whole seconds; the rest is cut off
  TimePoint expires_at;         // likewise
  std::string device_key = {};  // where its TLS key lives, `tpm`; empty: not told
};

// A token for the outcome, whatever it is; its audience is the verifier itself, since the control
// plane that attests is the one that relies on it. Refuses EAR-LIFETIME (not positive or above
// kMaxEarLifetime), EAR-STATUS (better than the worst claim), EAR-NONCE and what signing refuses.
[[nodiscard]] Result<std::string> issue_ear(const EarClaims& claims,
                                            const crypto::PrivateKey& signer,
                                            std::string_view key_id);

struct EarExpectation {
  crypto::PublicKey verifier_key;
  std::string issuer;
  std::string subject;                             // who presents it, as SPIFFE ID
  crypto::Sha256Digest certificate_fingerprint{};  // of the very connection
  TimePoint now;
};

// An affirming token that is valid now for who presents it. Made by verify_ear alone. The epoch is
// still to be compared with the device's.
class VerifiedEar {
 public:
  [[nodiscard]] const std::string& subject() const { return subject_; }
  [[nodiscard]] const GroupId& group() const { return group_; }
  [[nodiscard]] Epoch epoch() const { return epoch_; }
  [[nodiscard]] TimePoint issued_at() const { return issued_at_; }
  [[nodiscard]] TimePoint expires_at() const { return expires_at_; }

 private:
  friend Result<VerifiedEar> verify_ear(std::string_view, const EarExpectation&);
  VerifiedEar(std::string subject, GroupId group, Epoch epoch, TimePoint issued_at,
              TimePoint expires_at)
      : subject_(std::move(subject)),
        group_(std::move(group)),
        epoch_(epoch),
        issued_at_(issued_at),
        expires_at_(expires_at) {}

  std::string subject_;
  GroupId group_;
  Epoch epoch_;
  TimePoint issued_at_;
  TimePoint expires_at_;
};

// Unknown claims are ignored. Refuses JWS-* (signature, algorithm, type),
// EAR-SYNTAX (a claim absent or of another kind, iat and exp that are not integers), EAR-PROFILE,
// EAR-ISSUER, EAR-SUBJECT, EAR-AUDIENCE, EAR-BINDING (another certificate), EAR-NOT-YET-VALID,
// EAR-EXPIRED, EAR-LIFETIME, EAR-STATUS (not affirming), EAR-VECTOR (a claim worse than the
// status).
[[nodiscard]] Result<VerifiedEar> verify_ear(std::string_view jwt, const EarExpectation& expected);

}  // namespace vedette::attestation
