// Renewal information: a window for one certificate of one device, as a signed token.
#pragma once

#include <span>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "identity/renewal.h"
#include "identity/spiffe.h"

namespace vedette::identity {

inline constexpr const char* kRenewalType = "vedette-renewal+jwt";
inline constexpr Duration kRenewalInfoLife = std::chrono::hours(24);
inline constexpr Duration kRenewalClockSkew = std::chrono::seconds(60);
// When a device asks again: by a server's word, within these.
inline constexpr Duration kSoonestQuestion = std::chrono::seconds(10);
inline constexpr Duration kLatestQuestion = std::chrono::hours(6);

struct RenewalInfo {
  std::string issuer;                  // the verifier, as its SPIFFE ID
  std::string device;                  // for whom, as its SPIFFE ID
  crypto::Sha256Digest certificate{};  // for which certificate
  RenewalWindow window;
  Duration ask_again{};
  TimePoint issued_at;
};

// What a device believes of it.
struct RenewalAdvice {
  RenewalWindow window;
  Duration ask_again{};
};

// An ES256 JWS of kRenewalType over {iss, aud, cnf.x5t#S256, iat, exp, start, end,
// retry_after}.
[[nodiscard]] Result<std::string> issue_renewal_info(const RenewalInfo& info,
                                                     const crypto::PrivateKey& key);

struct RenewalInfoExpectation {
  std::span<const crypto::Certificate> roots;
  SpiffeId device;
  crypto::Certificate certificate;  // the present one
  TimePoint now;
};

// `signer` must be the certificate of this trust domain's verifier, under `issuing` (which came
// with the device's own certificate) and a root. Refuses CERT-* and RENEW-SIGNER, JWS-*,
// RENEW-SYNTAX, RENEW-ISSUER, RENEW-AUDIENCE, RENEW-CERTIFICATE (of another or a former
// certificate), RENEW-STALE, and RENEW-WINDOW: one that ends before it starts, or lies wholly where
// no renewal may be moved to.
[[nodiscard]] Result<RenewalAdvice> verify_renewal_info(
    std::string_view jws, const crypto::Certificate& signer,
    std::span<const crypto::Certificate> issuing, const RenewalInfoExpectation& expected);

}  // namespace vedette::identity
