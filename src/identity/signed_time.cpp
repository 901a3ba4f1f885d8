#include "identity/signed_time.h"

#include "base/secret.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"

namespace vedette::identity {
namespace {

using codec::Json;

constexpr const char* kVerifierName = "verifier";

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("TIME-SYNTAX", "the server's time is malformed", std::move(cause));
}

std::unexpected<Error> refuse_nonce(std::string cause) {
  return refuse("TIME-NONCE", "the server's time does not answer this question", std::move(cause));
}

Result<void> check_nonce(const Json& json, ByteView expected) {
  const auto text = json.string("nonce");
  if (!text) return refuse_syntax(describe(text.error()));
  const auto nonce = codec::from_base64url(*text);
  if (!nonce) return refuse_syntax(describe(nonce.error()));
  if (expected.size() < kShortestTimeNonce || !equal_constant_time(*nonce, expected))
    return refuse_nonce(text->substr(0, 2 * kLongestTimeNonce));
  return {};
}

Result<TimePoint> time_of(const Json& json) {
  constexpr std::int64_t kLastYear9999 = 253'402'300'799'000;
  const auto milliseconds = json.integer("time");
  if (!milliseconds) return refuse_syntax(describe(milliseconds.error()));
  if (*milliseconds < 0 || *milliseconds > kLastYear9999)
    return refuse_syntax("an impossible time");
  return TimePoint{Duration{*milliseconds}};
}

Result<void> check_signer(const crypto::Certificate& signer,
                          std::span<const crypto::Certificate> issuing,
                          const SignedTimeExpectation& expected, const std::string& verifier,
                          TimePoint time) {
  const auto uris = signer.uri_names();
  if (uris.size() != 1 || signer.alternative_name_count() != 1 || uris.front() != verifier)
    return refuse("TIME-SIGNER", "the server's time is not signed by the verifier",
                  signer.subject());
  return crypto::verify_chain(signer, issuing, expected.roots, time, crypto::Purpose::tls_server);
}

}  // namespace

Result<std::string> issue_signed_time(const std::string& issuer, ByteView nonce, TimePoint now,
                                      const crypto::PrivateKey& key) {
  if (nonce.size() < kShortestTimeNonce || nonce.size() > kLongestTimeNonce)
    return refuse("TIME-NONCE", "a question for the time has a nonce of 16 to 64 octets",
                  std::to_string(nonce.size()));
  Json json;
  json.set("iss", issuer).set("nonce", codec::to_base64url(nonce));
  json.set("time", std::int64_t{now.time_since_epoch().count()});
  return crypto::sign_jws({kTimeType, {}}, codec::to_json(json), key);
}

Result<TimePoint> verify_signed_time(std::string_view jws, const crypto::Certificate& signer,
                                     std::span<const crypto::Certificate> issuing,
                                     const SignedTimeExpectation& expected) {
  VEDETTE_TRY(const ServerId name, ServerId::parse(kVerifierName));
  const std::string verifier = SpiffeId(expected.trust_domain, name).str();
  VEDETTE_TRY(const crypto::PublicKey key, signer.public_key());
  VEDETTE_TRY(const std::string payload, crypto::verify_jws(jws, kTimeType, key));
  const auto json = codec::parse_json(payload);
  if (!json) return refuse_syntax(describe(json.error()));
  VEDETTE_TRY(const TimePoint time, time_of(*json));
  VEDETTE_CHECK(check_signer(signer, issuing, expected, verifier, time));
  const auto issuer = json->string("iss");
  if (!issuer) return refuse_syntax(describe(issuer.error()));
  if (*issuer != verifier)
    return refuse("TIME-ISSUER", "the server's time is from another verifier",
                  issuer->substr(0, 200) + " instead of " + verifier);
  VEDETTE_CHECK(check_nonce(*json, expected.nonce));
  return time;
}

}  // namespace vedette::identity
