#include <gtest/gtest.h>

#include "codec/tpm.h"
#include "codec/tpm_samples.h"

namespace vedette::codec {
namespace {

using samples::EccFields;
using samples::filled;
using samples::RsaFields;
using samples::Wire;

std::string code_of(const Bytes& bytes) {
  const auto key = parse_tpmt_public(bytes);
  return key.has_value() ? "accepted" : key.error().code;
}

TEST(TpmPublic, RefusesEveryTruncation) {
  for (const Bytes& whole : {EccFields().bytes(), RsaFields().bytes()}) {
    ASSERT_EQ(code_of(whole), "accepted");
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(code_of(to_bytes(ByteView(whole).first(length))), "TPM-SYNTAX") << length;
  }
}

TEST(TpmPublic, RefusesOneOctetBehindTheStructure) {
  for (Bytes whole : {EccFields().bytes(), RsaFields().bytes()}) {
    whole.push_back(0);
    EXPECT_EQ(code_of(whole), "TPM-SYNTAX");
  }
}

TEST(TpmPublic, RefusesObjectsThatAreNoAsymmetricKey) {
  for (const unsigned type : {0x0008U, 0x0025U, 0x0000U, 0xFFFFU})
    EXPECT_EQ(code_of(EccFields{.type = type}.bytes()), "TPM-SYNTAX") << type;
}

TEST(TpmPublic, RefusesANameAlgorithmThatIsNoHash) {
  for (const auto algorithm : {TpmAlgorithm::null, TpmAlgorithm::rsa, TpmAlgorithm{0x0012}})
    EXPECT_EQ(code_of(EccFields{.name_algorithm = algorithm}.bytes()), "TPM-SYNTAX");
}

TEST(TpmPublic, RefusesReservedAttributes) {
  for (const unsigned bit : {0U, 3U, 12U, 15U, 20U, 31U})
    EXPECT_EQ(code_of(EccFields{.attributes = 0x00050072U | (1U << bit)}.bytes()), "TPM-SYNTAX")
        << bit;
}

TEST(TpmPublic, RefusesAPolicyThatIsNoDigestOfTheNameAlgorithm) {
  EXPECT_EQ(code_of(EccFields{.policy = filled(32, 1)}.bytes()), "accepted");
  for (const std::size_t size : {1U, 20U, 31U, 33U, 48U, 64U, 65U})
    EXPECT_EQ(code_of(EccFields{.policy = filled(size, 1)}.bytes()), "TPM-SYNTAX") << size;
}

TEST(TpmPublic, RefusesSchemesItDoesNotKnow) {
  const Bytes rsassa = {0x00, 0x14, 0x00, 0x0B};
  const Bytes ecdaa = {0x00, 0x1A, 0x00, 0x0B, 0x00, 0x00};
  const Bytes ecdsa_without_hash = {0x00, 0x18, 0x00, 0x10};
  for (const Bytes& scheme : {rsassa, ecdaa, ecdsa_without_hash})
    EXPECT_EQ(code_of(EccFields{.scheme = scheme}.bytes()), "TPM-SYNTAX") << to_hex(scheme);
  const Bytes ecdsa = {0x00, 0x18, 0x00, 0x0B};
  EXPECT_EQ(code_of(RsaFields{.scheme = ecdsa}.bytes()), "TPM-SYNTAX");
}

TEST(TpmPublic, RefusesASymmetricAlgorithmOnASigningKey) {
  EXPECT_EQ(code_of(EccFields{.symmetric = {0x00, 0x06, 0x00, 0x80, 0x00, 0x43}}.bytes()),
            "TPM-SYNTAX");
}

TEST(TpmPublic, RefusesAStorageKeyWithoutAesInCfbMode) {
  const Bytes none = {0x00, 0x10};
  const Bytes camellia = {0x00, 0x26, 0x00, 0x80, 0x00, 0x43};
  const Bytes odd_bits = {0x00, 0x06, 0x00, 0x81, 0x00, 0x43};
  const Bytes ecb = {0x00, 0x06, 0x00, 0x80, 0x00, 0x44};
  for (const Bytes& symmetric : {none, camellia, odd_bits, ecb})
    EXPECT_EQ(code_of(RsaFields{.symmetric = symmetric}.bytes()), "TPM-SYNTAX")
        << to_hex(symmetric);
}

TEST(TpmPublic, RefusesAModulusOfAnotherLengthThanKeyBits) {
  EXPECT_EQ(code_of(RsaFields{.modulus = filled(255, 0x99)}.bytes()), "TPM-SYNTAX");
  EXPECT_EQ(code_of(RsaFields{.modulus = filled(257, 0x99)}.bytes()), "TPM-SYNTAX");
  EXPECT_EQ(code_of(RsaFields{.modulus = {}}.bytes()), "TPM-SYNTAX");
  EXPECT_EQ(code_of(RsaFields{.key_bits = 3072}.bytes()), "TPM-SYNTAX");
  Bytes leading_zero = filled(256, 0x99);
  leading_zero.front() = 0x7F;
  EXPECT_EQ(code_of(RsaFields{.modulus = leading_zero}.bytes()), "TPM-SYNTAX");
}

TEST(TpmPublic, RefusesKeySizesThatNoTpmHas) {
  for (const unsigned octets : {0U, 1U, 64U, 257U, 1024U})
    EXPECT_EQ(code_of(RsaFields{.key_bits = octets * 8, .modulus = filled(octets, 0x99)}.bytes()),
              "TPM-SYNTAX")
        << octets;
}

TEST(TpmPublic, RefusesExponentsThatAreEvenOrOne) {
  for (const std::uint32_t exponent : {1U, 2U, 65536U, 0xFFFFFFFEU})
    EXPECT_EQ(code_of(RsaFields{.exponent = exponent}.bytes()), "TPM-SYNTAX") << exponent;
}

TEST(TpmPublic, RefusesCurvesItDoesNotKnow) {
  for (const unsigned curve : {0x0000U, 0x0001U, 0x0010U, 0x0020U})
    EXPECT_EQ(code_of(EccFields{.curve = curve}.bytes()), "TPM-SYNTAX") << curve;
}

TEST(TpmPublic, RefusesAKeyDerivationScheme) {
  EXPECT_EQ(code_of(EccFields{.kdf = {0x00, 0x20, 0x00, 0x0B}}.bytes()), "TPM-SYNTAX");
}

TEST(TpmPublic, RefusesCoordinatesThatAreEmptyOrLongerThanTheField) {
  Bytes padded = filled(33, 0x66);
  padded.front() = 0;
  EXPECT_EQ(code_of(EccFields{.x = padded}.bytes()), "TPM-SYNTAX");
  EXPECT_EQ(code_of(EccFields{.y = padded}.bytes()), "TPM-SYNTAX");
  EXPECT_EQ(code_of(EccFields{.x = {}}.bytes()), "TPM-SYNTAX");
  EXPECT_EQ(code_of(EccFields{.y = {}}.bytes()), "TPM-SYNTAX");
}

TEST(TpmPublic, PadsShortCoordinatesToTheField) {
  const auto key = parse_tpmt_public(EccFields{.x = filled(30, 0x66)}.bytes());
  ASSERT_TRUE(key.has_value());
  const auto& point = std::get<TpmEccPoint>(key->unique);
  EXPECT_EQ(to_hex(point.x), "0000" + to_hex(filled(30, 0x66)));
  EXPECT_EQ(point.y, filled(32, 0x77));
}

TEST(TpmPublic, ReadsAnAttestationKey) {
  const Bytes bytes = EccFields().bytes();
  const auto key = parse_tpmt_public(bytes);
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->name_algorithm, TpmAlgorithm::sha256);
  EXPECT_TRUE(key->attributes.fixed_tpm() && key->attributes.fixed_parent());
  EXPECT_TRUE(key->attributes.restricted() && key->attributes.sign());
  EXPECT_TRUE(key->attributes.sensitive_data_origin());
  EXPECT_FALSE(key->attributes.decrypt());
  EXPECT_EQ(key->scheme, TpmAlgorithm::ecdsa);
  EXPECT_EQ(key->scheme_hash, TpmAlgorithm::sha256);
  EXPECT_EQ(key->symmetric, TpmAlgorithm::null);
  EXPECT_EQ(std::get<TpmEccPoint>(key->unique).curve, TpmCurve::p256);
  EXPECT_EQ(key->encoded, bytes);
}

TEST(TpmPublic, ReadsTheLargerCurves) {
  const EccFields p384{.curve = 4, .x = filled(48, 1), .y = filled(48, 2)};
  const EccFields p521{.curve = 5, .x = filled(66, 1), .y = filled(65, 2)};
  EXPECT_EQ(code_of(p384.bytes()), "accepted");
  const auto key = parse_tpmt_public(p521.bytes());
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(std::get<TpmEccPoint>(key->unique).y.size(), 66U);
}

TEST(TpmPublic, ReadsAnEndorsementKeyAndTakesExponentZeroFor65537) {
  const auto key = parse_tpmt_public(RsaFields().bytes());
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->auth_policy, filled(32, 0x88));
  EXPECT_EQ(key->scheme, TpmAlgorithm::null);
  EXPECT_EQ(key->symmetric, TpmAlgorithm::aes);
  EXPECT_EQ(key->symmetric_bits, 128);
  const auto& rsa = std::get<TpmRsaModulus>(key->unique);
  EXPECT_EQ(rsa.exponent, 65537U);
  EXPECT_EQ(rsa.modulus, filled(256, 0x99));
}

TEST(TpmPublic, KeepsAnExponentThatIsWritten) {
  const auto key = parse_tpmt_public(RsaFields{.exponent = 3}.bytes());
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(std::get<TpmRsaModulus>(key->unique).exponent, 3U);
}

TEST(Tpm2bPublic, RefusesASizeThatIsNotTheStructures) {
  const Bytes inner = EccFields().bytes();
  const auto size = static_cast<unsigned>(inner.size());
  for (const unsigned claimed : {0U, size - 1, size + 1, 0xFFFFU})
    EXPECT_FALSE(parse_tpm2b_public(Wire().u16(claimed).raw(inner).bytes()).has_value()) << claimed;
  EXPECT_FALSE(parse_tpm2b_public(Wire().sized(inner).u8(0).bytes()).has_value());
  EXPECT_FALSE(parse_tpm2b_public({}).has_value());
}

TEST(Tpm2bPublic, KeepsTheInnerStructureAsEncoded) {
  const Bytes inner = EccFields().bytes();
  const auto key = parse_tpm2b_public(Wire().sized(inner).bytes());
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->encoded, inner);
}

TEST(TpmDigestSize, IsZeroForWhatIsNoHash) {
  EXPECT_EQ(digest_size(TpmAlgorithm::null), 0U);
  EXPECT_EQ(digest_size(TpmAlgorithm::ecdsa), 0U);
  EXPECT_EQ(digest_size(TpmAlgorithm::sha1), 20U);
  EXPECT_EQ(digest_size(TpmAlgorithm::sha512), 64U);
}

}  // namespace
}  // namespace vedette::codec
