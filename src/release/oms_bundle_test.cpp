#include "release/oms_bundle.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "release/dsse.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PrivateKey;
using crypto::PublicKey;

class OmsBundle : public ::testing::Test {
 protected:
  [[nodiscard]] std::string verify_code(const std::string& bundle) const {
    const auto verified = verify_bundle(bundle, publishers_);
    return verified ? "verified" : verified.error().code;
  }

  [[nodiscard]] std::string with(const std::string& member, Json value) const {
    Json changed = *codec::parse_json(bundle_);
    changed.set(member, std::move(value));
    return verify_code(codec::to_json(changed));
  }

  [[nodiscard]] std::string with_material(const std::string& member, Json value) const {
    Json material = *codec::parse_json(bundle_)->find("verificationMaterial");
    material.set(member, std::move(value));
    return with("verificationMaterial", material);
  }

  // A bundle around another statement that the publisher really signed.
  [[nodiscard]] std::string with_payload(const std::string& payload) const {
    return with("dsseEnvelope", *sign_dsse(kInTotoPayloadType, as_bytes(payload), key_));
  }

  PrivateKey key_ = PrivateKey::generate_p256();
  std::vector<PublicKey> publishers_{key_.public_key()};
  Manifest manifest_ = *build_manifest("vad", {{.name = "a.onnx", .sha256 = {}}});
  std::string bundle_ = *sign_model(manifest_, key_);
};

TEST_F(OmsBundle, RefusesAStrangersSignature) {
  const auto stranger = PrivateKey::generate_p256();
  EXPECT_EQ(verify_code(*sign_model(manifest_, stranger)), "OMS-UNTRUSTED");
}

TEST_F(OmsBundle, RefusesAStrangerWhoClaimsAPublishersHint) {
  const auto stranger = PrivateKey::generate_p256();
  Json forged = *codec::parse_json(*sign_model(manifest_, stranger));
  forged.set("verificationMaterial", *codec::parse_json(bundle_)->find("verificationMaterial"));
  EXPECT_EQ(verify_code(codec::to_json(forged)), "OMS-SIGNATURE");
}

TEST_F(OmsBundle, RefusesEveryBundleWhenNobodyIsTrusted) {
  EXPECT_FALSE(verify_bundle(bundle_, {}));
}

TEST_F(OmsBundle, RefusesAnotherStatementUnderTheSignature) {
  const Manifest other = *build_manifest("vad", {{.name = "b.onnx", .sha256 = {}}});
  const Json theirs =
      *sign_dsse(kInTotoPayloadType, as_bytes(to_statement(other)), PrivateKey::generate_p256());
  Json envelope = *codec::parse_json(bundle_)->find("dsseEnvelope");
  envelope.set("payload", *theirs.find("payload"));
  EXPECT_EQ(with("dsseEnvelope", envelope), "OMS-SIGNATURE");
}

TEST_F(OmsBundle, RefusesTheKeyThatABundleBringsAlong) {
  const auto stranger = PrivateKey::generate_p256();
  Json forged = *codec::parse_json(*sign_model(manifest_, stranger));
  const Json::Object raw{{"rawBytes", codec::to_base64(as_bytes(stranger.public_key().pem()))},
                         {"keyDetails", "PKIX_ECDSA_P256_SHA_256"}};
  forged.set("verificationMaterial", Json::Object{{"publicKey", raw}});
  EXPECT_EQ(verify_code(codec::to_json(forged)), "OMS-UNTRUSTED");
}

TEST_F(OmsBundle, RefusesTwoVerificationMaterials) {
  EXPECT_EQ(with_material("x509CertificateChain", Json::Object{{"certificates", Json::Array{}}}),
            "OMS-BUNDLE");
  EXPECT_EQ(with_material("certificate", Json::Object{{"rawBytes", ""}}), "OMS-BUNDLE");
}

TEST_F(OmsBundle, RefusesCertificateAndKeylessMode) {
  for (const char* mode : {"x509CertificateChain", "certificate"})
    EXPECT_EQ(with("verificationMaterial", Json::Object{{mode, Json::Object{}}}), "OMS-MODE");
}

TEST_F(OmsBundle, RefusesLogEntriesThatNobodyChecked) {
  EXPECT_EQ(with_material("tlogEntries", Json::Array{Json::Object{}}), "OMS-BUNDLE");
  EXPECT_EQ(with_material("timestampVerificationData", Json::Object{}), "OMS-BUNDLE");
}

TEST_F(OmsBundle, RefusesUnknownMembersAndMediaTypes) {
  EXPECT_EQ(with("messageSignature", Json::Object{}), "OMS-BUNDLE");
  EXPECT_EQ(with("mediaType", "application/vnd.dev.sigstore.bundle+json;version=0.2"),
            "OMS-BUNDLE");
  EXPECT_EQ(with("dsseEnvelope", nullptr), "OMS-BUNDLE");
}

TEST_F(OmsBundle, RefusesAnotherPayloadType) {
  EXPECT_EQ(with("dsseEnvelope", *sign_dsse("text/plain", as_bytes(to_statement(manifest_)), key_)),
            "DSSE-TYPE");
}

TEST_F(OmsBundle, RefusesBadStatementsThoughTheyAreSigned) {
  EXPECT_EQ(with_payload("{}"), "OMS-SYNTAX");
  std::string duplicate = to_statement(manifest_);
  duplicate.insert(1, R"("predicateType":"x",)");
  EXPECT_EQ(with_payload(duplicate), "JSON-DUPLICATE");
}

TEST_F(OmsBundle, RefusesDuplicateKeysInTheBundleItself) {
  std::string duplicate = bundle_;
  duplicate.insert(1, R"("mediaType":"x",)");
  EXPECT_EQ(verify_code(duplicate), "JSON-DUPLICATE");
}

TEST_F(OmsBundle, RefusesMoreThan16MiB) {
  EXPECT_EQ(verify_code(bundle_ + std::string(kMaxBundleBytes, ' ')), "JSON-SIZE");
}

TEST_F(OmsBundle, RefusesToSignWithAnythingButANistCurve) {
  EXPECT_EQ(sign_model(manifest_, PrivateKey::generate_ed25519()).error().code, "OMS-KEY");
}

TEST_F(OmsBundle, RefusesAPublishersEd25519KeyForBundles) {
  const auto ed25519 = PrivateKey::generate_ed25519();
  Json changed = *codec::parse_json(bundle_);
  changed.set("dsseEnvelope",
              *sign_dsse(kInTotoPayloadType, as_bytes(to_statement(manifest_)), ed25519));
  const std::vector<PublicKey> publishers{ed25519.public_key()};
  EXPECT_FALSE(verify_bundle(codec::to_json(changed), publishers));
}

TEST_F(OmsBundle, VerifiesWhatItSigned) {
  const std::vector<PublicKey> several{PrivateKey::generate_ed25519().public_key(),
                                       PrivateKey::generate_p256().public_key(), publishers_[0]};
  const auto verified = verify_bundle(bundle_, several);
  ASSERT_TRUE(verified) << describe(verified.error());
  EXPECT_EQ((*verified)->manifest.root, manifest_.root);
  EXPECT_EQ((*verified)->publisher, publishers_[0]);
}

TEST_F(OmsBundle, AcceptsWhatForeignSignersLeaveOut) {
  EXPECT_EQ(with("verificationMaterial", Json::Object{{"publicKey", Json::Object{}}}), "verified");
  EXPECT_EQ(with_material("publicKey", Json::Object{{"hint", "not a key that we know"}}),
            "verified")
      << "a hint is no evidence, either way";
  Json envelope = *codec::parse_json(bundle_)->find("dsseEnvelope");
  const Json signature = envelope.find("signatures")->if_array()->front();
  envelope.set("signatures", Json::Array{Json::Object{{"sig", *signature.find("sig")}}});
  EXPECT_EQ(with("dsseEnvelope", envelope), "verified") << "no keyid";
  envelope.set("signatures",
               Json::Array{Json::Object{{"sig", *signature.find("sig")}, {"keyid", nullptr}}});
  EXPECT_EQ(with("dsseEnvelope", envelope), "verified") << "a null keyid";
  EXPECT_EQ(verify_code(codec::to_pretty_json(*codec::parse_json(bundle_))), "verified");
}

}  // namespace
}  // namespace vedette::release
