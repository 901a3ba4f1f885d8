// Group 16 of the attacks on identity: tokens.
#include "identity/access_token.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"

namespace vedette::identity {
namespace {

using crypto::PrivateKey;
using std::chrono::seconds;

struct AccessToken : testing::Test {
  [[nodiscard]] AccessTokenClaims claims() const {
    return {.issuer = "spiffe://edge.example/server/verifier",
            .subject = "spiffe://edge.example/device/drone-1",
            .audience = "https://maps.example",
            .id = "0011",
            .group = GroupId::parse("drones").value(),
            .epoch = Epoch{3},
            .attested_at = now - seconds(30),
            .certificate = crypto::sha256(as_bytes("certificate")),
            .issued_at = now,
            .expires_at = now + seconds(300)};
  }
  [[nodiscard]] AccessTokenExpectation expectation() const {
    return {.trust_domain = TrustDomain::parse("edge.example").value(),
            .audience = "https://maps.example",
            .certificate = crypto::sha256(as_bytes("certificate")),
            .now = now};
  }
  [[nodiscard]] std::string token() const {
    return issue_access_token(claims(), key, "k1").value();
  }

  [[nodiscard]] std::string code(const std::string& presented,
                                 const AccessTokenExpectation& expected) const {
    const auto verified = verify_access_token(presented, keys, expected);
    return verified ? "" : verified.error().code;
  }
  [[nodiscard]] std::string code(const std::string& presented) const {
    return code(presented, expectation());
  }
  [[nodiscard]] std::string code_at(TimePoint when) const {
    AccessTokenExpectation expected = expectation();
    expected.now = when;
    return code(token(), expected);
  }
  [[nodiscard]] std::string payload() const {
    return crypto::verify_jws(token(), kAccessTokenType, key.public_key()).value();
  }
  // Any header and payload, honestly signed.
  [[nodiscard]] std::string signed_with(std::string_view header, std::string_view content) const {
    std::string text =
        codec::to_base64url(as_bytes(header)) + "." + codec::to_base64url(as_bytes(content));
    const Bytes der = key.sign(as_bytes(text)).value();
    return text + "." + codec::to_base64url(crypto::ecdsa_der_to_raw(der, 32).value());
  }
  [[nodiscard]] std::string signed_payload(std::string_view content) const {
    return signed_with(R"({"alg":"ES256","typ":"at+jwt","kid":"k1"})", content);
  }
  // The sound token with one member set otherwise; null takes it out.
  [[nodiscard]] std::string with(const char* member, const codec::Json& value) const {
    const auto sound = codec::parse_json(payload()).value();
    codec::Json changed;
    for (const auto& [name, present] : *sound.if_object()) {
      if (name != member)
        changed.set(name, present);
      else if (!value.is_null())
        changed.set(name, value);
    }
    return code(signed_payload(codec::to_json(changed)));
  }

  const TimePoint now = from_unix_seconds(1'900'000'000);
  const PrivateKey key = PrivateKey::generate_p256();
  std::vector<crypto::Jwk> keys{{"k1", key.public_key(), {}}};
};

TEST_F(AccessToken, RefusesOneThatIsPresentedWithAnotherCertificate) {
  AccessTokenExpectation thief = expectation();
  thief.certificate = crypto::sha256(as_bytes("the thief's certificate"));
  EXPECT_EQ(code(token(), thief), "TOKEN-BINDING");
}

TEST_F(AccessToken, RefusesEveryAlgorithmButEs256) {
  for (const char* algorithm : {"none", "HS256", "RS256", "ES384", "es256", ""}) {
    const std::string header =
        R"({"alg":")" + std::string(algorithm) + R"(","typ":"at+jwt","kid":"k1"})";
    EXPECT_EQ(code(signed_with(header, payload())), "JWS-ALGORITHM") << algorithm;
  }
  const std::string bare =
      codec::to_base64url(as_bytes(R"({"alg":"none","typ":"at+jwt","kid":"k1"})"));
  EXPECT_EQ(code(bare + "." + codec::to_base64url(as_bytes(payload())) + "."), "JWS-ALGORITHM");
}

// The public key as a secret of HMAC: what a verifier that lets a token choose would take.
TEST_F(AccessToken, RefusesAnHmacUnderThePublicKey) {
  std::string text = codec::to_base64url(as_bytes(R"({"alg":"HS256","typ":"at+jwt","kid":"k1"})")) +
                     "." + codec::to_base64url(as_bytes(payload()));
  const Bytes mac =
      crypto::hmac(crypto::Hash::sha256, as_bytes(key.public_key().pem()), as_bytes(text));
  EXPECT_EQ(code(text + "." + codec::to_base64url(mac)), "JWS-ALGORITHM");
}

TEST_F(AccessToken, RefusesAnUnknownAStaleOrNoKeyId) {
  EXPECT_EQ(code(issue_access_token(claims(), key, "k2").value()), "TOKEN-KEY");
  EXPECT_EQ(code(issue_access_token(claims(), key, "").value()), "TOKEN-KEY");
  keys.front().expires_at = now;
  EXPECT_EQ(code(token()), "TOKEN-KEY") << "it has ended";
  keys.front().expires_at = now + seconds(1);
  EXPECT_EQ(code(token()), "") << "a former key, while it is kept";
  keys.clear();
  EXPECT_EQ(code(token()), "TOKEN-KEY");
}

TEST_F(AccessToken, RefusesASignatureOfAnotherKeyUnderAKnownId) {
  EXPECT_EQ(code(issue_access_token(claims(), PrivateKey::generate_p256(), "k1").value()),
            "JWS-SIGNATURE");
}

TEST_F(AccessToken, RefusesNoAudienceAnotherOrTwo) {
  EXPECT_EQ(with("aud", nullptr), "TOKEN-SYNTAX");
  EXPECT_EQ(with("aud", "https://other.example"), "TOKEN-AUDIENCE");
  EXPECT_EQ(with("aud", "https://maps.example/"), "TOKEN-AUDIENCE");
  EXPECT_EQ(with("aud", codec::Json::Array{"https://maps.example"}), "TOKEN-SYNTAX");
  EXPECT_EQ(with("aud", codec::Json::Array{"https://maps.example", "https://other.example"}),
            "TOKEN-SYNTAX");
  AccessTokenExpectation nobody = expectation();
  nobody.audience.clear();
  EXPECT_EQ(code(token(), nobody), "TOKEN-AUDIENCE") << "a relying party must say who it is";
  for (const std::string& audience :
       {std::string(), std::string("two words"), std::string(256, 'a'), std::string("caf\xc3\xa9"),
        std::string("https://\"maps\"")}) {
    AccessTokenClaims asked = claims();
    asked.audience = audience;
    EXPECT_EQ(issue_access_token(asked, key, "k1").error().code, "TOKEN-AUDIENCE") << audience;
  }
}

TEST_F(AccessToken, HasNoAudienceThatAPolicyCouldNotName) {
  for (int octet = 0; octet < 256; ++octet) {
    const std::string audience = {'a', static_cast<char>(octet)};
    EXPECT_EQ(check_audience(audience).has_value(), octet > ' ' && octet <= '~' && octet != '"')
        << octet;
  }
  EXPECT_TRUE(check_audience(std::string(255, 'a')).has_value());
}

TEST_F(AccessToken, RefusesAnExpiredOneWithoutAnyGrace) {
  EXPECT_EQ(code_at(now + seconds(299)), "");
  EXPECT_EQ(code_at(now + seconds(300)), "TOKEN-EXPIRED");
}

TEST_F(AccessToken, RefusesOneFromTheFutureBeyondTheSkew) {
  EXPECT_EQ(code_at(now - kTokenClockSkew), "");
  EXPECT_EQ(code_at(now - kTokenClockSkew - seconds(1)), "TOKEN-NOT-YET-VALID");
  EXPECT_EQ(with("nbf", to_unix_seconds(now) + 61), "TOKEN-NOT-YET-VALID");
  EXPECT_EQ(with("nbf", nullptr), "TOKEN-SYNTAX");
}

TEST_F(AccessToken, RefusesALifeBeyondFiveMinutes) {
  EXPECT_EQ(with("exp", to_unix_seconds(now) + 301), "TOKEN-LIFETIME");
  EXPECT_EQ(with("exp", to_unix_seconds(now)), "TOKEN-LIFETIME");
  EXPECT_EQ(with("iat", to_unix_seconds(now) - 1), "TOKEN-LIFETIME");
  AccessTokenClaims asked = claims();
  asked.expires_at = now + seconds(301);
  EXPECT_EQ(issue_access_token(asked, key, "k1").error().code, "TOKEN-LIFETIME");
  asked.expires_at = now;
  EXPECT_EQ(issue_access_token(asked, key, "k1").error().code, "TOKEN-LIFETIME");
}

TEST_F(AccessToken, RefusesTwoConfirmationsAndAnyOtherMemberTwice) {
  std::string twice = payload();
  twice.insert(1, R"("cnf":{"x5t#S256":"AAAA"},)");
  EXPECT_EQ(code(signed_payload(twice)), "TOKEN-SYNTAX");
  twice = payload();
  twice.insert(1, R"("aud":"https://maps.example",)");
  EXPECT_EQ(code(signed_payload(twice)), "TOKEN-SYNTAX");
  twice = payload();
  twice.insert(1, R"("\u0061ud":"https://maps.example",)");
  EXPECT_EQ(code(signed_payload(twice)), "TOKEN-SYNTAX") << "the same name, written otherwise";
  codec::Json both;
  both.set("x5t#S256", codec::to_base64url(claims().certificate)).set("jkt", "AAAA");
  EXPECT_EQ(with("cnf", both), "TOKEN-SYNTAX");
  EXPECT_EQ(with("cnf", nullptr), "TOKEN-SYNTAX");
  EXPECT_EQ(with("cnf", codec::Json(codec::Json::Object{})), "TOKEN-SYNTAX");
  codec::Json padded;
  padded.set("x5t#S256", codec::to_base64(claims().certificate));
  EXPECT_EQ(with("cnf", padded), "TOKEN-SYNTAX") << "base64url has no padding";
}

TEST_F(AccessToken, RefusesAnotherIssuerOrADeviceOfAnotherDomain) {
  EXPECT_EQ(with("iss", "spiffe://evil.example/server/verifier"), "TOKEN-ISSUER");
  EXPECT_EQ(with("iss", "spiffe://edge.example/server/control-plane"), "TOKEN-ISSUER");
  for (const char* subject :
       {"spiffe://evil.example/device/drone-1", "spiffe://edge.example/operator/admin",
        "spiffe://edge.example/device/Drone-1", "drone-1", ""})
    EXPECT_EQ(with("sub", subject), "TOKEN-SUBJECT") << subject;
}

TEST_F(AccessToken, RefusesAVerdictThatDoesNotAffirm) {
  EXPECT_EQ(with("ear_status", "warning"), "TOKEN-STATUS");
  EXPECT_EQ(with("ear_status", nullptr), "TOKEN-SYNTAX");
}

TEST_F(AccessToken, RefusesMalformedClaims) {
  for (const char* member : {"iss", "sub", "aud", "iat", "nbf", "exp", "jti", "cnf", "ear_status",
                             "vedette_group", "vedette_epoch", "vedette_attested_at"})
    EXPECT_EQ(with(member, codec::Json(true)), "TOKEN-SYNTAX") << member;
  for (const char* member : {"iat", "exp", "vedette_epoch"}) {
    EXPECT_EQ(with(member, codec::Json(1.9e9)), "TOKEN-SYNTAX") << member;
    EXPECT_EQ(with(member, std::int64_t{-1}), "TOKEN-SYNTAX") << member;
  }
  EXPECT_EQ(with("jti", ""), "TOKEN-SYNTAX");
  EXPECT_EQ(code(signed_payload("[]")), "TOKEN-SYNTAX");
  EXPECT_EQ(code(signed_payload("")), "TOKEN-SYNTAX");
}

TEST_F(AccessToken, RefusesAnotherKindOfTokenOfTheSameKey) {
  for (const char* type : {"eat+jwt", "JWT", "vedette-renewal+jwt"})
    EXPECT_EQ(code(crypto::sign_jws({type, "k1"}, payload(), key).value()), "JWS-TYPE") << type;
}

TEST_F(AccessToken, RefusesAnOversizedOne) {
  std::string large = payload();
  large.insert(1, R"("x":")" + std::string(kMaxAccessToken, 'x') + R"(",)");
  EXPECT_EQ(code(signed_payload(large)), "TOKEN-SIZE");
}

TEST_F(AccessToken, TellsWhatTheVerdictSaid) {
  const auto verified = verify_access_token(token(), keys, expectation());
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(verified->subject().str(), "spiffe://edge.example/device/drone-1");
  EXPECT_EQ(verified->id(), "0011");
  EXPECT_EQ(verified->group().str(), "drones");
  EXPECT_EQ(verified->epoch(), Epoch{3});
  EXPECT_EQ(verified->attested_at(), now - seconds(30));
  EXPECT_EQ(verified->expires_at(), now + seconds(300));
  std::string more = payload();
  more.insert(1, R"("extra":"is ignored",)");
  EXPECT_EQ(code(signed_payload(more)), "");
}

}  // namespace
}  // namespace vedette::identity
