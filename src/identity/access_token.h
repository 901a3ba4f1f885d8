// Access tokens: a device's verdict, for one relying party, bound to the device's certificate
// (RFC 9068's type, RFC 8705's binding), and the one function that a relying party needs.
//
// A token is worth nothing without the private key of the certificate that it names: who stole it
// cannot open the TLS connection that it must come over.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "crypto/jwk_set.h"
#include "crypto/key.h"
#include "identity/spiffe.h"

namespace vedette::identity {

inline constexpr const char* kAccessTokenType = "at+jwt";  // RFC 9068, 2.1
inline constexpr Duration kMaxAccessTokenLife = std::chrono::minutes(5);
// How far ahead of the relying party's clock the issuer's may be. The end is the end: nothing is
// accepted after it.
inline constexpr Duration kTokenClockSkew = std::chrono::seconds(60);
inline constexpr std::size_t kMaxAccessToken = 8 << 10;

struct AccessTokenClaims {
  std::string issuer;    // the verifier, as its SPIFFE ID
  std::string subject;   // the device, as its SPIFFE ID
  std::string audience;  // one relying party, as it calls itself
  std::string id;        // `jti`
  GroupId group;
  Epoch epoch;
  TimePoint attested_at;  // when the verdict behind it was given
  crypto::Sha256Digest certificate{};
  TimePoint issued_at;   // whole seconds; the rest is cut off
  TimePoint expires_at;  // likewise
};

// What an affirming verdict allows. Refuses TOKEN-AUDIENCE (none, or not visible text),
// TOKEN-LIFETIME (not positive or above kMaxAccessTokenLife) and what signing refuses.
[[nodiscard]] Result<std::string> issue_access_token(const AccessTokenClaims& claims,
                                                     const crypto::PrivateKey& signer,
                                                     std::string_view key_id);

// Whether it may stand as `aud`: visible text (base/visible_text.h); refuses TOKEN-AUDIENCE.
[[nodiscard]] Result<void> check_audience(std::string_view audience);

struct AccessTokenExpectation {
  TrustDomain trust_domain;  // its verifier issues, its devices are spoken of
  std::string audience;      // the relying party itself
  // SHA-256 over the DER of the client certificate of the very connection that the token came over.
  crypto::Sha256Digest certificate{};
  TimePoint now;
};

// A token that is good now, here, for whoever presents it. Made by verify_access_token alone.
class VerifiedAccessToken {
 public:
  [[nodiscard]] const SpiffeId& subject() const { return subject_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const GroupId& group() const { return group_; }
  [[nodiscard]] Epoch epoch() const { return epoch_; }
  [[nodiscard]] TimePoint attested_at() const { return attested_at_; }
  [[nodiscard]] TimePoint expires_at() const { return expires_at_; }

 private:
  friend Result<VerifiedAccessToken> verify_access_token(std::string_view,
                                                         std::span<const crypto::Jwk>,
                                                         const AccessTokenExpectation&);
  VerifiedAccessToken(SpiffeId subject, std::string id, GroupId group)
      : subject_(std::move(subject)), id_(std::move(id)), group_(std::move(group)) {}

  SpiffeId subject_;
  std::string id_;
  GroupId group_;
  Epoch epoch_;
  TimePoint attested_at_;
  TimePoint expires_at_;
};

// For relying parties: everything is checked, ES256 alone is taken, and `keys` is the issuer's set,
// fetched over a connection that was authenticated. Unknown claims are ignored. Refuses TOKEN-SIZE,
// JWS-* (algorithm, type, signature), TOKEN-KEY (no kid, an unknown one, or one of a key that has
// ended), TOKEN-SYNTAX (a claim absent, twice, or of another kind; two audiences), TOKEN-ISSUER,
// TOKEN-SUBJECT (no device of the trust domain), TOKEN-AUDIENCE, TOKEN-BINDING (another
// certificate's), TOKEN-NOT-YET-VALID, TOKEN-EXPIRED, TOKEN-LIFETIME and TOKEN-STATUS.
[[nodiscard]] Result<VerifiedAccessToken> verify_access_token(
    std::string_view token, std::span<const crypto::Jwk> keys,
    const AccessTokenExpectation& expected);

}  // namespace vedette::identity
