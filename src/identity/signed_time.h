// SignedTime: the server's word for what time it is, for a device whose own clock nobody set.
//
// The answer names the nonce of the question: an old one is no answer. When it was made lies
// between question and answer, and so the device knows the time as closely as the exchange was
// short.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "identity/spiffe.h"

namespace vedette::identity {

inline constexpr const char* kTimeType = "vedette-time+jwt";
inline constexpr std::size_t kShortestTimeNonce = 16;  // octets
inline constexpr std::size_t kLongestTimeNonce = 64;

// An ES256 JWS of kTimeType over {iss, nonce, time}; `time` in milliseconds of Unix. Refuses
// TIME-NONCE for a nonce of another length, and what signing refuses.
[[nodiscard]] Result<std::string> issue_signed_time(const std::string& issuer, ByteView nonce,
                                                    TimePoint now, const crypto::PrivateKey& key);

struct SignedTimeExpectation {
  std::span<const crypto::Certificate> roots;
  TrustDomain trust_domain;
  Bytes nonce;  // of the question
};

// The time that it tells. Nobody's clock is asked: `signer`, which must be the certificate of the
// trust domain's verifier, and `issuing` above it must be valid at the very time that is told, so
// that no key can tell a time at which it was not certified. Refuses JWS-*, TIME-SYNTAX,
// TIME-ISSUER, TIME-NONCE (the answer to another question), TIME-SIGNER and CERT-*.
[[nodiscard]] Result<TimePoint> verify_signed_time(std::string_view jws,
                                                   const crypto::Certificate& signer,
                                                   std::span<const crypto::Certificate> issuing,
                                                   const SignedTimeExpectation& expected);

}  // namespace vedette::identity
