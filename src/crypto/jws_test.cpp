#include "crypto/jws.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/authority_sample.h"

namespace vedette::crypto {
namespace {

struct Jws : testing::Test {
  const PrivateKey key = PrivateKey::generate_p256();
  const PublicKey shown = key.public_key();

  // A token with any header, honestly signed.
  [[nodiscard]] std::string signed_with(std::string_view header,
                                        std::string_view payload = "{}") const {
    std::string text =
        codec::to_base64url(as_bytes(header)) + "." + codec::to_base64url(as_bytes(payload));
    const Bytes der = key.sign(as_bytes(text)).value();
    return text + "." + codec::to_base64url(ecdsa_der_to_raw(der, 32).value());
  }
  [[nodiscard]] std::string code(std::string_view jws) const {
    return code_of(verify_jws(jws, "ear+jwt", shown));
  }
};

TEST_F(Jws, RefusesEveryAlgorithmButEs256) {
  EXPECT_EQ(code(signed_with(R"({"alg":"none","typ":"ear+jwt"})")), "JWS-ALGORITHM");
  EXPECT_EQ(code(signed_with(R"({"alg":"HS256","typ":"ear+jwt"})")), "JWS-ALGORITHM");
  EXPECT_EQ(code(signed_with(R"({"alg":"es256","typ":"ear+jwt"})")), "JWS-ALGORITHM");
  EXPECT_EQ(code(signed_with(R"({"typ":"ear+jwt"})")), "JWS-ALGORITHM");
  EXPECT_EQ(code(signed_with(R"({"alg":"ES256","typ":"ear+jwt","crit":["exp"]})")),
            "JWS-ALGORITHM");
  const PrivateKey other = PrivateKey::generate_ed25519();
  EXPECT_EQ(code_of(sign_jws({.type = "x", .key_id = ""}, "{}", other)), "JWS-ALGORITHM");
  EXPECT_EQ(code_of(verify_jws(signed_with(R"({"alg":"ES256","typ":"ear+jwt"})"), "ear+jwt",
                               other.public_key())),
            "JWS-ALGORITHM");
}

TEST_F(Jws, RefusesHeadersThatBringAKeyOrRepeatThemselves) {
  for (const char* header : {R"({"alg":"ES256","typ":"ear+jwt","jku":"https://evil"})",
                             R"({"alg":"ES256","typ":"ear+jwt","b64":false})",
                             R"({"alg":"ES256","alg":"ES256","typ":"ear+jwt"})",
                             R"({"alg":"ES256","typ":"ear+jwt","kid":7})",
                             R"({"alg":7,"typ":"ear+jwt"})", R"(["ES256"])", "rubbish", ""})
    EXPECT_EQ(code(signed_with(header)), "JWS-SYNTAX") << header;
}

TEST_F(Jws, RefusesAnotherOrAMissingType) {
  EXPECT_EQ(code(signed_with(R"({"alg":"ES256","typ":"JWT"})")), "JWS-TYPE");
  EXPECT_EQ(code(signed_with(R"({"alg":"ES256"})")), "JWS-TYPE");
  EXPECT_EQ(code_of(verify_jws(signed_with(R"({"alg":"ES256"})"), "", shown)), "JWS-TYPE");
}

TEST_F(Jws, RefusesTextThatIsNotExactlyThreeParts) {
  const std::string good = signed_with(R"({"alg":"ES256","typ":"ear+jwt"})");
  ASSERT_EQ(code(good), "");
  for (const std::string& bad : {std::string(), std::string("a"), std::string("a.b"), good + ".x",
                                 " " + good, good.substr(1), std::string("..")})
    EXPECT_EQ(code(bad), "JWS-SYNTAX") << bad;
  EXPECT_EQ(code(good + "="), "JWS-SYNTAX");
  EXPECT_EQ(code(good + "\n"), "JWS-SYNTAX");
  EXPECT_EQ(code(signed_with(R"({"alg":"ES256","typ":"ear+jwt"})", std::string(300'000, 'x'))),
            "JWS-SYNTAX");
}

TEST_F(Jws, RefusesAnotherPayloadKeyOrSignature) {
  const std::string good = signed_with(R"({"alg":"ES256","typ":"ear+jwt"})", R"({"a":1})");
  const std::string other = signed_with(R"({"alg":"ES256","typ":"ear+jwt"})", R"({"a":2})");
  const std::string swapped = good.substr(0, good.rfind('.')) + other.substr(other.rfind('.'));
  EXPECT_EQ(code(swapped), "JWS-SIGNATURE");
  EXPECT_EQ(code(good.substr(0, good.rfind('.') + 1)), "JWS-SIGNATURE");
  EXPECT_EQ(code_of(verify_jws(good, "ear+jwt", PrivateKey::generate_p256().public_key())),
            "JWS-SIGNATURE");
}

TEST_F(Jws, RefusesTheOtherValueOfS) {
  const std::string good = signed_with(R"({"alg":"ES256","typ":"ear+jwt"})");
  const std::size_t last = good.rfind('.') + 1;
  Bytes raw = codec::from_base64url(std::string_view(good).substr(last)).value();
  // s becomes n - s, which verifies just as well.
  const Bytes order =
      codec::from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int difference = order[i] - raw[32 + i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    raw[32 + i] = static_cast<std::uint8_t>(difference & 0xFF);
  }
  const std::string high = good.substr(0, last) + codec::to_base64url(raw);
  ASSERT_TRUE(
      shown.verify(Hash::sha256, as_bytes(good.substr(0, last - 1)), ecdsa_raw_to_der(raw).value())
          .has_value());
  EXPECT_EQ(code(high), "JWS-SIGNATURE");
}

TEST_F(Jws, CarriesItsPayloadAndHeader) {
  const std::string token =
      sign_jws({.type = "ear+jwt", .key_id = "key-1"}, R"({"iss":"x"})", key).value();
  EXPECT_EQ(verify_jws(token, "ear+jwt", shown).value(), R"({"iss":"x"})");
  EXPECT_EQ(peek_jws_header(token)->key_id, "key-1");
  EXPECT_EQ(peek_jws_header(token)->type, "ear+jwt");
  EXPECT_EQ(code_of(peek_jws_header("x")), "JWS-SYNTAX");
}

TEST_F(Jws, VerifiesTheExampleOfRfc7515) {
  // RFC 7515, A.3. Its header has no `typ` and its s is high: it shows the two refusals.
  constexpr std::string_view kExample =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
      "mNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSAp"
      "mWQxfKTUJqPP3-Kg6NU1Q";
  const Bytes x = codec::from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU").value();
  const Bytes y = codec::from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0").value();
  const PublicKey example = PublicKey::from_ec_point(KeyType::ec_p256, x, y).value();
  EXPECT_EQ(code_of(verify_jws(kExample, "JWT", example)), "JWS-TYPE");
  const std::size_t last = kExample.rfind('.');
  const Bytes der =
      ecdsa_raw_to_der(codec::from_base64url(kExample.substr(last + 1)).value()).value();
  EXPECT_TRUE(example.verify(Hash::sha256, as_bytes(kExample.substr(0, last)), der).has_value());
}

}  // namespace
}  // namespace vedette::crypto
