#include "crypto/jwk_set.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace vedette::crypto {
namespace {

struct JwkSet : testing::Test {
  const PrivateKey key = PrivateKey::generate_p256();
  const Jwk jwk{"key-1", key.public_key(), from_unix_seconds(1'900'000'000)};

  // A set of one key with one member set otherwise; null takes it out.
  [[nodiscard]] std::string with(const char* member, const codec::Json& value) const {
    const auto set = codec::parse_json(to_jwk_set(std::span(&jwk, 1)).value()).value();
    codec::Json changed;
    for (const auto& [name, present] : *set.find("keys")->if_array()->front().if_object())
      changed.set(name, present);
    changed.set(member, value);
    codec::Json kept;
    for (const auto& [name, present] : *changed.if_object())
      if (!present.is_null()) kept.set(name, present);
    codec::Json whole;
    whole.set("keys", codec::Json::Array{kept});
    return codec::to_json(whole);
  }
  static std::string code(std::string_view text) {
    const auto keys = parse_jwk_set(text);
    return keys ? "" : keys.error().code;
  }
};

TEST_F(JwkSet, RefusesOneThatHoldsSecrets) {
  EXPECT_EQ(code(with("d", "AAAA")), "JWKS-PRIVATE");
  EXPECT_EQ(code(R"({"keys":[{"kty":"oct","k":"c2VjcmV0"}]})"), "JWKS-PRIVATE");
}

TEST_F(JwkSet, RefusesTwoKeysOfOneId) {
  const Jwk other{"key-1", PrivateKey::generate_p256().public_key(), {}};
  const std::vector<Jwk> both{jwk, other};
  EXPECT_EQ(code(to_jwk_set(both).value()), "JWKS-DUPLICATE");
}

TEST_F(JwkSet, RefusesCoordinatesThatAreNoPoint) {
  EXPECT_EQ(code(with("x", "AAAA")), "JWKS-SYNTAX");
  EXPECT_EQ(code(with("x", nullptr)), "JWKS-SYNTAX");
  EXPECT_EQ(code(with("y", "not base64url!")), "JWKS-SYNTAX");
  EXPECT_EQ(code(with("y", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), "KEY-FORMAT");
}

TEST_F(JwkSet, RefusesWhatIsNoSetOrTooMuch) {
  for (const char* text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":["x"]})", R"({"keys":[],"keys":[]})"})
    EXPECT_EQ(code(text), "JWKS-SYNTAX") << text;
  EXPECT_EQ(code(with("kid", "")), "JWKS-SYNTAX");
  EXPECT_EQ(code(with("kid", std::int64_t{1})), "JWKS-SYNTAX");
  EXPECT_EQ(code(with("exp", "soon")), "JWKS-SYNTAX");
  EXPECT_EQ(code(with("exp", std::int64_t{-1})), "JWKS-SYNTAX");
  EXPECT_EQ(code(R"({"keys":[)" + std::string(70'000, ' ') + "]}"), "JWKS-SYNTAX");
  std::string many = R"({"keys":[{})";
  for (int i = 0; i < 64; ++i)
    many += ",{}";
  EXPECT_EQ(code(many + "]}"), "JWKS-SYNTAX");
}

TEST_F(JwkSet, PublishesNoKeyOfAnotherKind) {
  const Jwk other{"log", PrivateKey::generate_ed25519().public_key(), {}};
  EXPECT_EQ(to_jwk_set(std::span(&other, 1)).error().code, "JWKS-KEY");
}

TEST_F(JwkSet, PassesOverKeysForOtherUses) {
  for (const auto& [member, value] :
       {std::pair{"kty", "RSA"}, {"crv", "P-384"}, {"use", "enc"}, {"alg", "HS256"}})
    EXPECT_TRUE(parse_jwk_set(with(member, value)).value().empty()) << member;
  EXPECT_TRUE(parse_jwk_set(with("kid", nullptr)).value().empty());
}

TEST_F(JwkSet, ReadsWhatItWrote) {
  const auto keys = parse_jwk_set(to_jwk_set(std::span(&jwk, 1)).value()).value();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.front().key_id, "key-1");
  EXPECT_TRUE(keys.front().key == key.public_key());
  EXPECT_EQ(keys.front().expires_at, jwk.expires_at);
  EXPECT_FALSE(parse_jwk_set(with("exp", nullptr)).value().front().expires_at.has_value());
  EXPECT_EQ(parse_jwk_set(with("alg", nullptr)).value().size(), 1U) << "alg is optional";
}

}  // namespace
}  // namespace vedette::crypto
