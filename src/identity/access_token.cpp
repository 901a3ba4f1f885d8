#include "identity/access_token.h"

#include <algorithm>

#include "base/secret.h"
#include "base/visible_text.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"

namespace vedette::identity {
namespace {

using codec::Json;

constexpr const char* kAffirming = "affirming";
constexpr const char* kVerifierName = "verifier";
constexpr std::size_t kMaxId = 128;

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("TOKEN-SYNTAX", "the access token lacks a claim or has a malformed one",
                std::move(cause));
}

Result<void> check_life(std::int64_t issued, std::int64_t expires) {
  const std::int64_t life = expires - issued;
  if (life <= 0 || std::chrono::seconds(life) > kMaxAccessTokenLife)
    return refuse("TOKEN-LIFETIME", "an access token must live up to five minutes",
                  std::to_string(life) + " s");
  return {};
}

Result<const crypto::Jwk*> find_key(std::string_view token, std::span<const crypto::Jwk> keys,
                                    TimePoint now) {
  VEDETTE_TRY(const crypto::JwsHeader header, crypto::peek_jws_header(token));
  const auto found = std::ranges::find(keys, header.key_id, &crypto::Jwk::key_id);
  if (header.key_id.empty() || found == keys.end())
    return refuse("TOKEN-KEY", "the access token's issuer has no key of this id",
                  header.key_id.substr(0, 80),
                  "fetch the issuer's keys again, at most once a minute");
  if (found->expires_at && now >= *found->expires_at)
    return refuse("TOKEN-KEY", "the key of the access token has ended",
                  "at " + to_rfc3339(*found->expires_at), "ask for a new token");
  return &*found;
}

Result<std::string> text(const Json& json, std::string_view name) {
  auto value = json.string(name);
  if (!value) return refuse_syntax(describe(value.error()));
  return *std::move(value);
}

Result<std::int64_t> number(const Json& json, std::string_view name) {
  const auto value = json.integer(name);
  if (!value) return refuse_syntax(describe(value.error()));
  if (*value < 0) return refuse_syntax(std::string(name) + " is negative");
  return *value;
}

Result<std::int64_t> seconds(const Json& json, std::string_view name) {
  constexpr std::int64_t kLastYear9999 = 253'402'300'799;
  VEDETTE_TRY(const std::int64_t value, number(json, name));
  if (value > kLastYear9999) return refuse_syntax(std::string(name) + " is impossible");
  return value;
}

Result<void> check_text(const Json& json, std::string_view name, const std::string& expected,
                        std::string_view code, std::string_view message) {
  VEDETTE_TRY(const std::string value, text(json, name));
  if (value != expected)
    return refuse(code, std::string(message),
                  value.substr(0, kMaxVisibleText) + " instead of " + expected);
  return {};
}

Result<SpiffeId> subject_of(const Json& json, const TrustDomain& domain) {
  VEDETTE_TRY(const std::string name, text(json, "sub"));
  auto subject = SpiffeId::parse(name);
  if (!subject || subject->kind() != PrincipalKind::device || subject->trust_domain() != domain)
    return refuse("TOKEN-SUBJECT", "the access token speaks of no device of this trust domain",
                  name.substr(0, kMaxVisibleText));
  return *std::move(subject);
}

// RFC 8705, 3.1. Another way of confirmation beside it would be one that is not checked here.
Result<void> check_binding(const Json& json, const crypto::Sha256Digest& certificate) {
  const auto confirmation = json.object("cnf");
  if (!confirmation) return refuse_syntax(describe(confirmation.error()));
  if (const auto alone = (*confirmation)->only({"x5t#S256"}); !alone)
    return refuse_syntax(describe(alone.error()));
  VEDETTE_TRY(const std::string thumbprint, text(**confirmation, "x5t#S256"));
  const auto octets = codec::from_base64url(thumbprint);
  if (!octets) return refuse_syntax(describe(octets.error()));
  if (!equal_constant_time(*octets, certificate))
    return refuse("TOKEN-BINDING", "the access token belongs to another certificate",
                  "bound to " + to_hex(*octets).substr(0, 64),
                  "ask for a new token after a certificate is renewed");
  return {};
}

Result<TimePoint> check_time(const Json& json, TimePoint now) {
  VEDETTE_TRY(const std::int64_t issued, seconds(json, "iat"));
  VEDETTE_TRY(const std::int64_t begins, seconds(json, "nbf"));
  VEDETTE_TRY(const std::int64_t expires, seconds(json, "exp"));
  if (from_unix_seconds(std::max(issued, begins)) > now + kTokenClockSkew)
    return refuse("TOKEN-NOT-YET-VALID", "the access token is from the future",
                  "from " + to_rfc3339(from_unix_seconds(std::max(issued, begins))) + ", now " +
                      to_rfc3339(now),
                  "check the clocks of both machines");
  VEDETTE_CHECK(check_life(issued, expires));
  if (now >= from_unix_seconds(expires))
    return refuse("TOKEN-EXPIRED", "the access token has expired",
                  "at " + to_rfc3339(from_unix_seconds(expires)) + ", now " + to_rfc3339(now),
                  "ask for a new token");
  return from_unix_seconds(expires);
}

Result<GroupId> group_of(const Json& json) {
  VEDETTE_TRY(const std::string name, text(json, "vedette_group"));
  auto group = GroupId::parse(name);
  if (!group) return refuse_syntax(describe(group.error()));
  return *std::move(group);
}

Result<std::string> id_of(const Json& json) {
  VEDETTE_TRY(std::string id, text(json, "jti"));
  if (id.empty() || id.size() > kMaxId) return refuse_syntax("jti is of another length");
  return id;
}

Json payload(const AccessTokenClaims& claims) {
  Json confirmation;
  confirmation.set("x5t#S256", codec::to_base64url(claims.certificate));
  Json json;
  json.set("iss", claims.issuer).set("sub", claims.subject).set("aud", claims.audience);
  json.set("iat", to_unix_seconds(claims.issued_at));
  json.set("nbf", to_unix_seconds(claims.issued_at));
  json.set("exp", to_unix_seconds(claims.expires_at));
  json.set("jti", claims.id).set("cnf", std::move(confirmation));
  json.set("ear_status", kAffirming);
  json.set("vedette_attested_at", to_unix_seconds(claims.attested_at));
  json.set("vedette_group", claims.group.str()).set("vedette_epoch", claims.epoch.value);
  return json;
}

}  // namespace

Result<void> check_audience(std::string_view audience) {
  if (is_visible_text(audience)) return {};
  return refuse("TOKEN-AUDIENCE", "an access token is for one audience that has a name",
                std::string(audience.substr(0, 80)),
                "1 to 255 visible characters of ASCII but the double quote");
}

Result<std::string> issue_access_token(const AccessTokenClaims& claims,
                                       const crypto::PrivateKey& signer, std::string_view key_id) {
  VEDETTE_CHECK(check_audience(claims.audience));
  VEDETTE_CHECK(check_life(to_unix_seconds(claims.issued_at), to_unix_seconds(claims.expires_at)));
  return crypto::sign_jws({kAccessTokenType, std::string(key_id)}, codec::to_json(payload(claims)),
                          signer);
}

Result<VerifiedAccessToken> verify_access_token(std::string_view token,
                                                std::span<const crypto::Jwk> keys,
                                                const AccessTokenExpectation& expected) {
  if (token.size() > kMaxAccessToken)
    return refuse("TOKEN-SIZE", "the access token is larger than any is",
                  std::to_string(token.size()) + " octets");
  VEDETTE_CHECK(check_audience(expected.audience));
  VEDETTE_TRY(const crypto::Jwk* const key, find_key(token, keys, expected.now));
  VEDETTE_TRY(const std::string content, crypto::verify_jws(token, kAccessTokenType, key->key));
  const auto json = codec::parse_json(content);
  if (!json) return refuse_syntax(describe(json.error()));
  VEDETTE_TRY(const ServerId verifier, ServerId::parse(kVerifierName));
  VEDETTE_CHECK(check_text(*json, "iss", SpiffeId(expected.trust_domain, verifier).str(),
                           "TOKEN-ISSUER", "the access token is from another issuer"));
  VEDETTE_TRY(SpiffeId subject, subject_of(*json, expected.trust_domain));
  VEDETTE_CHECK(check_text(*json, "aud", expected.audience, "TOKEN-AUDIENCE",
                           "the access token is meant for somebody else"));
  VEDETTE_CHECK(check_binding(*json, expected.certificate));
  VEDETTE_TRY(const TimePoint expires_at, check_time(*json, expected.now));
  VEDETTE_CHECK(check_text(*json, "ear_status", kAffirming, "TOKEN-STATUS",
                           "the access token does not affirm the device"));
  VEDETTE_TRY(std::string id, id_of(*json));
  VEDETTE_TRY(GroupId group, group_of(*json));
  VerifiedAccessToken verified(std::move(subject), std::move(id), std::move(group));
  VEDETTE_TRY(const std::int64_t epoch, number(*json, "vedette_epoch"));
  VEDETTE_TRY(const std::int64_t attested_at, seconds(*json, "vedette_attested_at"));
  verified.epoch_ = Epoch{static_cast<std::uint64_t>(epoch)};
  verified.attested_at_ = from_unix_seconds(attested_at);
  verified.expires_at_ = expires_at;
  return verified;
}

}  // namespace vedette::identity
