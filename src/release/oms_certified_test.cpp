// Bundles in certificate mode: whom an authority certifies, and who is asked for.
#include <array>

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "release/dsse.h"
#include "release/oms_bundle.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::Certificate;
using crypto::CertificateKind;
using crypto::CertificateProfile;
using crypto::PrivateKey;

const TimePoint kNow = from_unix_seconds(1'795'000'000);
constexpr std::chrono::hours kDay{24};
const std::string kSigner = "https://example.org/teams/speech";

class CertifiedBundle : public ::testing::Test {
 protected:
  static CertificateProfile profile(CertificateKind kind, const std::string& name) {
    CertificateProfile made;
    made.kind = kind;
    made.common_name = name;
    made.not_before = kNow - kDay;
    made.not_after = kNow + 10 * kDay;
    return made;
  }
  static Certificate root_of(const PrivateKey& key) {
    return issue_certificate(profile(CertificateKind::root_ca, "root"), key.public_key(),
                             std::nullopt, key)
        .value();
  }
  [[nodiscard]] Certificate leaf(const CertificateProfile& wanted) const {
    return issue_certificate(wanted, key_.public_key(), issuing_, issuing_key_).value();
  }
  static CertificateProfile signer_profile() {
    CertificateProfile made = profile(CertificateKind::code_signer, "speech");
    made.uri_name = kSigner;
    return made;
  }
  [[nodiscard]] std::string bundle_by(const Certificate& signer) const {
    return *sign_model(manifest_, key_, std::array{signer, issuing_});
  }
  [[nodiscard]] CertifiedSigners signers(TimePoint now = kNow) const {
    return {.roots = {root_}, .identities = {"https://example.org/other", kSigner}, .now = now};
  }
  static std::string verdict(const std::string& bundle, const CertifiedSigners& wanted) {
    const auto verified = verify_certified_bundle(bundle, wanted);
    return verified ? "verified" : verified.error().code;
  }
  static std::string with_material(const std::string& bundle, Json material) {
    Json changed = *codec::parse_json(bundle);
    changed.set("verificationMaterial", std::move(material));
    return codec::to_json(changed);
  }

  PrivateKey root_key_ = PrivateKey::generate_p256();
  PrivateKey issuing_key_ = PrivateKey::generate_p256();
  PrivateKey key_ = PrivateKey::generate_p256();
  Certificate root_ = root_of(root_key_);
  Certificate issuing_ = issue_certificate(profile(CertificateKind::issuing_ca, "issuing"),
                                           issuing_key_.public_key(), root_, root_key_)
                             .value();
  Manifest manifest_ = *build_manifest("vad", {{.name = "a.onnx", .sha256 = {}}});
  std::string bundle_ = bundle_by(leaf(signer_profile()));
};

TEST_F(CertifiedBundle, OfAnotherIdentityIsRefusedThoughItsChainIsGood) {
  CertifiedSigners others = signers();
  others.identities = {"https://example.org/teams/vision"};
  EXPECT_EQ(verdict(bundle_, others), "OMS-IDENTITY");
  others.identities = {};
  EXPECT_EQ(verdict(bundle_, others), "OMS-IDENTITY");
  others.identities = {"CN=speech", "speech", ""};
  EXPECT_EQ(verdict(bundle_, others), "OMS-IDENTITY") << "a subject is no name";
}

// An authority that lets its clients choose URIs does not so give them addresses.
TEST_F(CertifiedBundle, AUriThatReadsLikeAnAddressIsNone) {
  CertificateProfile profile = signer_profile();
  profile.uri_name = "mailto:alice@example.org";
  CertifiedSigners wanted = signers();
  wanted.identities = {"alice@example.org"};
  EXPECT_EQ(verdict(bundle_by(leaf(profile)), wanted), "OMS-IDENTITY");
  profile.uri_name.clear();
  profile.email_name = "bob@example.org";
  EXPECT_EQ(verdict(bundle_by(leaf(profile)), wanted), "OMS-IDENTITY");
  profile.email_name = "alice@example.org";
  EXPECT_EQ(verdict(bundle_by(leaf(profile)), wanted), "verified");
}

TEST_F(CertifiedBundle, OfAnotherAuthorityIsRefused) {
  CertifiedSigners others = signers();
  others.roots = {root_of(PrivateKey::generate_p256())};
  EXPECT_EQ(verdict(bundle_, others), "CERT-UNTRUSTED");
  others.roots = {};
  EXPECT_EQ(verdict(bundle_, others), "CERT-UNTRUSTED");
}

TEST_F(CertifiedBundle, OutsideOfItsCertificatesTimeIsRefused) {
  EXPECT_EQ(verdict(bundle_, signers(kNow + 11 * kDay)), "CERT-EXPIRED");
  EXPECT_EQ(verdict(bundle_, signers(kNow - 2 * kDay)), "CERT-NOT-YET-VALID");
}

TEST_F(CertifiedBundle, ByACertificateForSomethingElseIsRefused) {
  CertificateProfile client = signer_profile();
  client.kind = CertificateKind::client;
  EXPECT_EQ(verdict(bundle_by(leaf(client)), signers()), "CERT-PURPOSE");
  const std::string by_authority = *sign_model(manifest_, issuing_key_, std::array{issuing_});
  EXPECT_EQ(verdict(by_authority, signers()), "CERT-PURPOSE");
}

TEST_F(CertifiedBundle, ThatLacksItsIntermediateIsRefused) {
  EXPECT_EQ(verdict(*sign_model(manifest_, key_, std::array{leaf(signer_profile())}), signers()),
            "CERT-UNTRUSTED");
}

TEST_F(CertifiedBundle, SignedByAnotherKeyThanItsCertificatesIsRefused) {
  const PrivateKey thief = PrivateKey::generate_p256();
  Json forged = *codec::parse_json(bundle_);
  forged.set("dsseEnvelope",
             *sign_dsse(kInTotoPayloadType, as_bytes(to_statement(manifest_)), thief));
  EXPECT_EQ(verdict(codec::to_json(forged), signers()), "OMS-SIGNATURE");
  EXPECT_EQ(sign_model(manifest_, thief, std::array{leaf(signer_profile())}).error().code,
            "OMS-KEY");
}

TEST_F(CertifiedBundle, EachModeRefusesTheOther) {
  EXPECT_EQ(verdict(*sign_model(manifest_, key_), signers()), "OMS-MODE");
  const auto as_key = verify_bundle(bundle_, std::array{key_.public_key()});
  EXPECT_EQ(as_key.error().code, "OMS-MODE");
}

TEST_F(CertifiedBundle, WithMaterialThatNobodyCheckedIsRefused) {
  Json material = *codec::parse_json(bundle_)->find("verificationMaterial");
  const auto with = [&](const std::string& member, Json value) {
    Json changed = material;
    changed.set(member, std::move(value));
    return verdict(with_material(bundle_, changed), signers());
  };
  EXPECT_EQ(with("tlogEntries", Json::Array{Json::Object{}}), "OMS-BUNDLE");
  EXPECT_EQ(with("publicKey", Json::Object{{"hint", ""}}), "OMS-BUNDLE");
  EXPECT_EQ(with("x509CertificateChain", Json::Object{{"certificates", Json::Array{}}}),
            "OMS-BUNDLE");
  const Json one(Json::Object{{"rawBytes", codec::to_base64(root_.der())}});
  EXPECT_EQ(with("x509CertificateChain", Json::Object{{"certificates", Json::Array(9, one)}}),
            "OMS-BUNDLE");
  const Json none(Json::Object{{"rawBytes", "AAAA"}});
  EXPECT_EQ(with("x509CertificateChain", Json::Object{{"certificates", Json::Array{none}}}),
            "CERT-SYNTAX");
}

TEST_F(CertifiedBundle, OfWhoIsAskedForVerifies) {
  const auto verified = verify_certified_bundle(bundle_, signers());
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ((*verified)->manifest.root, manifest_.root);
  EXPECT_EQ((*verified)->publisher.spki_sha256(), key_.public_key().spki_sha256());
}

}  // namespace
}  // namespace vedette::release
