#include "release/dsse.h"

#include <array>

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PrivateKey;
using crypto::PublicKey;

constexpr std::string_view kType = "application/x-test";

std::string verify_code(const Json& envelope, std::span<const PublicKey> trusted,
                        std::string_view type = kType) {
  const auto payload = verify_dsse(envelope, type, trusted);
  return payload ? "verified" : payload.error().code;
}

class Dsse : public ::testing::Test {
 protected:
  [[nodiscard]] Json signature() const { return envelope_.find("signatures")->if_array()->front(); }

  [[nodiscard]] Bytes signature_bytes() const {
    return *codec::from_base64(*signature().string("sig"));
  }

  [[nodiscard]] std::string with_signature(const std::string& base64) const {
    Json changed = envelope_;
    changed.set("signatures", Json::Array{Json::Object{{"sig", base64}, {"keyid", ""}}});
    return verify_code(changed, trusted_);
  }

  [[nodiscard]] std::string with(const std::string& member, Json value) const {
    Json changed = envelope_;
    changed.set(member, std::move(value));
    return verify_code(changed, trusted_);
  }

  PrivateKey key_ = PrivateKey::generate_p256();
  std::vector<PublicKey> trusted_{key_.public_key()};
  Json envelope_ = *sign_dsse(kType, as_bytes("{\"a\":1}"), key_);
};

TEST_F(Dsse, RefusesAStranger) {
  const std::vector<PublicKey> others{PrivateKey::generate_p256().public_key()};
  EXPECT_EQ(verify_code(envelope_, others), "DSSE-SIGNATURE");
  EXPECT_EQ(verify_code(envelope_, {}), "DSSE-SIGNATURE");
  const auto named = sign_dsse(kType, {}, key_, key_hint(key_.public_key()));
  EXPECT_EQ(verify_code(*named, others), "DSSE-UNTRUSTED");
}

TEST_F(Dsse, RefusesAChangedPayloadOrType) {
  EXPECT_EQ(with("payload", codec::to_base64(as_bytes("{\"a\":2}"))), "DSSE-SIGNATURE");
  EXPECT_EQ(with("payloadType", "application/x-other"), "DSSE-TYPE");
  Json retyped = envelope_;
  retyped.set("payloadType", "application/x-other");
  EXPECT_EQ(verify_code(retyped, trusted_, "application/x-other"), "DSSE-SIGNATURE");
}

TEST_F(Dsse, RefusesAGoodSignatureAtIndexOne) {
  const Json bad(Json::Object{{"sig", codec::to_base64(Bytes(70, 1))}, {"keyid", ""}});
  EXPECT_EQ(with("signatures", Json::Array{bad, signature()}), "DSSE-SIGNATURES");
  EXPECT_EQ(with("signatures", Json::Array{signature(), bad}), "DSSE-SIGNATURES");
}

TEST_F(Dsse, RefusesDuplicateSignatures) {
  EXPECT_EQ(with("signatures", Json::Array{signature(), signature()}), "DSSE-SIGNATURES");
}

TEST_F(Dsse, RefusesAnEnvelopeWithoutSignatures) {
  EXPECT_EQ(with("signatures", Json::Array{}), "DSSE-SIGNATURES");
  EXPECT_EQ(with("signatures", nullptr), "DSSE-SYNTAX");
}

TEST_F(Dsse, RefusesUnknownAndMisshapenMembers) {
  EXPECT_EQ(with("extra", 1), "DSSE-SYNTAX");
  EXPECT_EQ(with("payload", 1), "DSSE-SYNTAX");
  EXPECT_EQ(with("signatures", Json::Array{Json("text")}), "DSSE-SYNTAX");
  Json extra = signature();
  extra.set("cert", "x");
  EXPECT_EQ(with("signatures", Json::Array{extra}), "DSSE-SYNTAX");
  for (const Json& bad : {Json(), Json("text"), Json(Json::Array{}), Json(Json::Object{})})
    EXPECT_EQ(verify_code(bad, trusted_), "DSSE-SYNTAX");
}

TEST_F(Dsse, RefusesBase64InAnyOtherForm) {
  const std::string sig = codec::to_base64(signature_bytes());
  for (const std::string& bad : {sig + "\n", " " + sig, sig + "=", sig + "AA=="})
    EXPECT_NE(with_signature(bad), "verified") << bad;
  EXPECT_EQ(with("payload", "eyJhIjoxfQ"), "DSSE-SYNTAX") << "padding";
  EXPECT_EQ(with("payload", "eyJhIjox\nfQ=="), "DSSE-SYNTAX") << "white space";
  EXPECT_EQ(with("payload", "eyJh_joxfQ=="), "DSSE-SYNTAX") << "URL alphabet";
  EXPECT_EQ(with("payload", "eyJhIjoxfR=="), "DSSE-SYNTAX") << "bits behind the end";
}

TEST_F(Dsse, RefusesMalformedAndTrailingDer) {
  Bytes trailing = signature_bytes();
  trailing.push_back(0);
  EXPECT_EQ(with_signature(codec::to_base64(trailing)), "DSSE-SIGNATURE");
  Bytes cut = signature_bytes();
  cut.pop_back();
  EXPECT_EQ(with_signature(codec::to_base64(cut)), "DSSE-SIGNATURE");
  const auto raw = crypto::ecdsa_der_to_raw(signature_bytes(), 32);
  ASSERT_TRUE(raw);
  EXPECT_EQ(with_signature(codec::to_base64(*raw)), "DSSE-SIGNATURE") << "r || s is for JWS";
  EXPECT_EQ(with_signature(""), "DSSE-SIGNATURE");
}

TEST_F(Dsse, RefusesAKeyOfAnotherKind) {
  const std::vector<PublicKey> others{PrivateKey::generate_ed25519().public_key()};
  EXPECT_EQ(verify_code(envelope_, others), "DSSE-SIGNATURE");
}

// What model_signing 0.2 signed: a capital V, and the payload as Python prints bytes.
TEST_F(Dsse, RefusesTheLegacyEncoding) {
  const std::string payload = "{\"a\":1}";
  for (const std::string& legacy : {"DSSEV1 18 application/x-test 7 b'" + payload + "'",
                                    "DSSEv1 18 application/x-test 7 b'" + payload + "'", payload}) {
    const auto signature = key_.sign(as_bytes(legacy));
    EXPECT_EQ(with_signature(codec::to_base64(*signature)), "DSSE-SIGNATURE") << legacy;
  }
}

// The standard's own example (protocol.md, "Test Vectors").
TEST_F(Dsse, EncodesAsTheStandardSays) {
  EXPECT_EQ(as_text(pre_authentication_encoding("http://example.com/HelloWorld",
                                                as_bytes("hello world"))),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST_F(Dsse, GivesBackTheOctetsAndTheSigner) {
  const std::vector<PublicKey> several{PrivateKey::generate_ed25519().public_key(),
                                       PrivateKey::generate_p256().public_key(), trusted_[0]};
  const auto payload = verify_dsse(envelope_, kType, several);
  ASSERT_TRUE(payload) << describe(payload.error());
  EXPECT_EQ(as_text(payload->payload), "{\"a\":1}");
  EXPECT_EQ(payload->signer, trusted_[0]);
}

TEST_F(Dsse, AcceptsEd25519) {
  const auto key = PrivateKey::generate_ed25519();
  const std::vector<PublicKey> trusted{key.public_key()};
  EXPECT_EQ(verify_code(*sign_dsse(kType, as_bytes("x"), key), trusted), "verified");
}

// Foreign signers do not normalise s, so either half is believed; nothing is named by a signature.
TEST_F(Dsse, AcceptsAHighS) {
  constexpr std::array<std::uint8_t, 32> kOrder{0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00,
                                                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84,
                                                0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};
  Bytes raw = *crypto::ecdsa_der_to_raw(signature_bytes(), 32);
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int difference = kOrder.at(i) - raw[32 + i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    raw[32 + i] = static_cast<std::uint8_t>(difference & 0xFF);
  }
  EXPECT_EQ(with_signature(codec::to_base64(*crypto::ecdsa_raw_to_der(raw))), "verified");
}

}  // namespace
}  // namespace vedette::release
