#include "identity/tpm_key_profile.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

using codec::TpmAlgorithm;
using vedette::testing::KeyShape;

constexpr KeyShape kBySha384{.scheme_hash = TpmAlgorithm::sha384,
                             .name_algorithm = TpmAlgorithm::sha384};

std::string code(const Bytes& tpmt_public) {
  return code_of(check_attestation_key(codec::parse_tpmt_public(tpmt_public).value()));
}

std::string p256(const KeyShape& shape) {
  static const crypto::PrivateKey key = crypto::PrivateKey::generate_p256();
  return code(vedette::testing::forge_public(key.public_key(), shape));
}

// The key of the COSE working group's ecdsa-sig-02 example.
std::string p384(const KeyShape& shape) {
  const auto octets = [](std::string_view text) { return codec::from_base64url(text).value(); };
  const auto key = crypto::PublicKey::from_ec_point(
      crypto::KeyType::ec_p384,
      octets("kTJyP2KSsBBhnb4kjWmMF7WHVsY55xUPgb7k64rDcjatChoZ1nvjKmYmPh5STRKc"),
      octets("mM0weMVU2DKsYDxDJkEP9hZiRZtB8fPfXbzINZj_fF7YQRynNWedHEyzAJOX2e8s"));
  return code(vedette::testing::forge_public(key.value(), shape));
}

std::string rsa(const KeyShape& shape, std::size_t octets = 256) {
  return code(vedette::testing::forge_rsa_public(Bytes(octets, 0xC5), shape));
}

TEST(AttestationKeyProfile, RefusesACurveThatSignsByAnothersHash) {
  EXPECT_EQ(p256(kBySha384), "ENR-AK-SCHEME");
  EXPECT_EQ(p384({}), "ENR-AK-SCHEME");
  EXPECT_EQ(p384({.name_algorithm = TpmAlgorithm::sha384}), "ENR-AK-SCHEME");
}

TEST(AttestationKeyProfile, RefusesANameByAWeakerHashThanItsSignatures) {
  KeyShape shape = kBySha384;
  shape.name_algorithm = TpmAlgorithm::sha256;
  EXPECT_EQ(p384(shape), "ENR-AK-SCHEME");
}

TEST(AttestationKeyProfile, RefusesSha1) {
  EXPECT_EQ(p256({.scheme_hash = TpmAlgorithm::sha1}), "ENR-AK-SCHEME");
  EXPECT_EQ(rsa({.scheme_hash = TpmAlgorithm::sha1}), "ENR-AK-SCHEME");
  EXPECT_EQ(rsa({.name_algorithm = TpmAlgorithm::sha1}), "ENR-AK-SCHEME");
}

TEST(AttestationKeyProfile, RefusesAnRsaKeyThatIsFixedToNoSignatureScheme) {
  EXPECT_EQ(rsa({.scheme = TpmAlgorithm::null}), "ENR-AK-SCHEME");
  EXPECT_EQ(rsa({.scheme = TpmAlgorithm::oaep}), "ENR-AK-SCHEME");
}

TEST(AttestationKeyProfile, RefusesRsaOfAnotherSize) {
  EXPECT_EQ(rsa({}, 128), "ENR-AK-SCHEME");
  EXPECT_EQ(rsa({}, 512), "ENR-AK-SCHEME");
}

TEST(AttestationKeyProfile, RefusesAnRsaKeyThatSignsAnything) {
  KeyShape shape;
  shape.attributes &= ~vedette::testing::kRestricted;
  EXPECT_EQ(rsa(shape), "ENR-AK-ATTRIBUTES");
}

TEST(AttestationKeyProfile, TakesTheKindsThatQuotesAreTakenFrom) {
  EXPECT_EQ(p256({}), "accepted");
  EXPECT_EQ(p384(kBySha384), "accepted");
  EXPECT_EQ(rsa({}), "accepted");
  EXPECT_EQ(rsa({.scheme = TpmAlgorithm::rsapss}), "accepted");
}

}  // namespace
}  // namespace vedette::identity
