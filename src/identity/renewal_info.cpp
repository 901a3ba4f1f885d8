#include "identity/renewal_info.h"

#include <algorithm>

#include "base/secret.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"

namespace vedette::identity {
namespace {

using codec::Json;

constexpr const char* kVerifierName = "verifier";

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("RENEW-SYNTAX", "the renewal information is malformed", std::move(cause));
}

Result<void> check_signer(const crypto::Certificate& signer,
                          std::span<const crypto::Certificate> issuing,
                          const RenewalInfoExpectation& expected, const std::string& verifier) {
  VEDETTE_CHECK(crypto::verify_chain(signer, issuing, expected.roots, expected.now,
                                     crypto::Purpose::tls_server));
  const auto uris = signer.uri_names();
  if (uris.size() != 1 || signer.alternative_name_count() != 1 || uris.front() != verifier)
    return refuse("RENEW-SIGNER", "the renewal information is not signed by the verifier",
                  signer.subject());
  return {};
}

Result<TimePoint> time_of(const Json& json, std::string_view name) {
  constexpr std::int64_t kLastYear9999 = 253'402'300'799;
  const auto value = json.integer(name);
  if (!value) return refuse_syntax(describe(value.error()));
  if (*value < 0 || *value > kLastYear9999) return refuse_syntax(std::string(name));
  return from_unix_seconds(*value);
}

Result<void> check_text(const Json& json, std::string_view name, const std::string& wanted,
                        std::string_view code) {
  const auto value = json.string(name);
  if (!value) return refuse_syntax(describe(value.error()));
  if (*value != wanted)
    return refuse(code, "the renewal information is not meant for this device",
                  value->substr(0, 200) + " instead of " + wanted);
  return {};
}

Result<void> check_certificate(const Json& json, const crypto::Certificate& certificate) {
  const auto confirmation = json.object("cnf");
  if (!confirmation) return refuse_syntax(describe(confirmation.error()));
  const auto text = (*confirmation)->string("x5t#S256");
  if (!text) return refuse_syntax(describe(text.error()));
  const auto octets = codec::from_base64url(*text);
  if (!octets) return refuse_syntax(describe(octets.error()));
  if (!equal_constant_time(*octets, certificate.fingerprint()))
    return refuse("RENEW-CERTIFICATE", "the renewal information is for another certificate");
  return {};
}

Result<void> check_age(const Json& json, TimePoint now) {
  VEDETTE_TRY(const TimePoint issued, time_of(json, "iat"));
  VEDETTE_TRY(const TimePoint expires, time_of(json, "exp"));
  if (issued > now + kRenewalClockSkew || now >= expires || expires <= issued ||
      expires - issued > kRenewalInfoLife)
    return refuse("RENEW-STALE", "the renewal information is not of now",
                  to_rfc3339(issued) + " to " + to_rfc3339(expires) + ", now " + to_rfc3339(now));
  return {};
}

Result<RenewalWindow> window_of(const Json& json, const CertificateLife& life) {
  RenewalWindow window;
  VEDETTE_TRY(window.start, time_of(json, "start"));
  VEDETTE_TRY(window.end, time_of(json, "end"));
  if (window.end <= window.start || window.end < earliest_renewal(life) ||
      window.start > latest_renewal(life))
    return refuse("RENEW-WINDOW", "the window for the renewal cannot be followed",
                  to_rfc3339(window.start) + " to " + to_rfc3339(window.end));
  return window;
}

Result<Duration> ask_again_of(const Json& json) {
  const auto seconds = json.integer("retry_after");
  if (!seconds) return refuse_syntax(describe(seconds.error()));
  const auto in_seconds = [](Duration d) {
    return std::chrono::duration_cast<std::chrono::seconds>(d).count();
  };
  return std::chrono::seconds(
      std::clamp(*seconds, in_seconds(kSoonestQuestion), in_seconds(kLatestQuestion)));
}

}  // namespace

Result<std::string> issue_renewal_info(const RenewalInfo& info, const crypto::PrivateKey& key) {
  Json confirmation;
  confirmation.set("x5t#S256", codec::to_base64url(info.certificate));
  Json json;
  json.set("iss", info.issuer).set("aud", info.device).set("cnf", std::move(confirmation));
  json.set("iat", to_unix_seconds(info.issued_at));
  json.set("exp", to_unix_seconds(info.issued_at + kRenewalInfoLife));
  json.set("start", to_unix_seconds(info.window.start));
  json.set("end", to_unix_seconds(info.window.end));
  json.set("retry_after", std::chrono::duration_cast<std::chrono::seconds>(info.ask_again).count());
  return crypto::sign_jws({kRenewalType, {}}, codec::to_json(json), key);
}

Result<RenewalAdvice> verify_renewal_info(std::string_view jws, const crypto::Certificate& signer,
                                          std::span<const crypto::Certificate> issuing,
                                          const RenewalInfoExpectation& expected) {
  VEDETTE_TRY(const ServerId name, ServerId::parse(kVerifierName));
  const std::string verifier = SpiffeId(expected.device.trust_domain(), name).str();
  VEDETTE_CHECK(check_signer(signer, issuing, expected, verifier));
  VEDETTE_TRY(const crypto::PublicKey key, signer.public_key());
  VEDETTE_TRY(const std::string payload, crypto::verify_jws(jws, kRenewalType, key));
  const auto json = codec::parse_json(payload);
  if (!json) return refuse_syntax(describe(json.error()));
  VEDETTE_CHECK(check_text(*json, "iss", verifier, "RENEW-ISSUER"));
  VEDETTE_CHECK(check_text(*json, "aud", expected.device.str(), "RENEW-AUDIENCE"));
  VEDETTE_CHECK(check_certificate(*json, expected.certificate));
  VEDETTE_CHECK(check_age(*json, expected.now));
  RenewalAdvice advice;
  VEDETTE_TRY(advice.window, window_of(*json, life_of(expected.certificate)));
  VEDETTE_TRY(advice.ask_again, ask_again_of(*json));
  return advice;
}

}  // namespace vedette::identity
