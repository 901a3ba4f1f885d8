#include "crypto/tpm.h"

#include <gtest/gtest.h>

#include "crypto/authority_sample.h"

namespace vedette::crypto {
namespace {

using codec::TpmAlgorithm;

codec::TpmEccPoint point_of(const PublicKey& key) {
  const Bytes spki = key.spki_der();
  const ByteView point = ByteView(spki).last(64);
  return {.curve = codec::TpmCurve::p256,
          .x = to_bytes(point.first(32)),
          .y = to_bytes(point.last(32))};
}

codec::TpmPublic endorsement_key() {
  codec::TpmPublic key;
  key.attributes.bits = (1U << 1U) | (1U << 4U) | (1U << 5U) | (1U << 16U) | (1U << 17U);
  key.symmetric = TpmAlgorithm::aes;
  key.symmetric_bits = 128;
  key.unique = point_of(PrivateKey::generate_p256().public_key());
  return key;
}

struct TpmSignatureCheck : testing::Test {
  const PrivateKey key = PrivateKey::generate_p256();
  const Bytes attest = to_bytes("what the TPM attested");
  codec::TpmPublic signer;
  codec::TpmSignature signature;

  void SetUp() override {
    signer.scheme = TpmAlgorithm::ecdsa;
    signer.scheme_hash = TpmAlgorithm::sha256;
    signer.unique = point_of(key.public_key());
    const Bytes raw = ecdsa_der_to_raw(key.sign(attest).value(), 32).value();
    signature = {.algorithm = TpmAlgorithm::ecdsa,
                 .hash = TpmAlgorithm::sha256,
                 .value = codec::TpmEcdsaSignature{.r = {raw.begin(), raw.begin() + 32},
                                                   .s = {raw.begin() + 32, raw.end()}}};
  }
  [[nodiscard]] std::string code() const {
    return code_of(verify_tpm_signature(signer, attest, signature));
  }
};

TEST_F(TpmSignatureCheck, AcceptsTheKeysOwnScheme) {
  EXPECT_EQ(code(), "");
}

TEST_F(TpmSignatureCheck, RefusesAKeyFixedToNoScheme) {
  signer.scheme = TpmAlgorithm::null;
  signer.scheme_hash = TpmAlgorithm::null;
  EXPECT_EQ(code(), "TPM-SIGNATURE-SCHEME");
}

TEST_F(TpmSignatureCheck, RefusesAnotherHashOrAlgorithmThanTheKeys) {
  signer.scheme_hash = TpmAlgorithm::sha384;
  EXPECT_EQ(code(), "TPM-SIGNATURE-SCHEME");
  signer.scheme_hash = TpmAlgorithm::sha256;
  signer.scheme = TpmAlgorithm::rsassa;
  EXPECT_EQ(code(), "TPM-SIGNATURE-SCHEME");
}

TEST_F(TpmSignatureCheck, RefusesSha1EvenWhereTheKeySaysSo) {
  signer.scheme_hash = TpmAlgorithm::sha1;
  signature.hash = TpmAlgorithm::sha1;
  EXPECT_EQ(code(), "TPM-SIGNATURE-SCHEME");
}

TEST_F(TpmSignatureCheck, RefusesASignatureOfAnotherKindThanItSays) {
  signature.value = codec::TpmRsaSignature{.signature = Bytes(256, 1)};
  EXPECT_EQ(code(), "TPM-SIGNATURE-SCHEME");
  signer.scheme = TpmAlgorithm::rsassa;
  signature.algorithm = TpmAlgorithm::rsassa;
  EXPECT_EQ(code(), "TPM-SIGNATURE-SCHEME");
}

TEST_F(TpmSignatureCheck, RefusesZeroOversizedAndForeignNumbers) {
  auto& value = std::get<codec::TpmEcdsaSignature>(signature.value);
  const Bytes good = value.r;
  for (const Bytes& bad : {Bytes(), Bytes(32), Bytes(33, 1), Bytes(32, 0xFF), value.s}) {
    value.r = bad;
    EXPECT_EQ(code(), "SIG-INVALID");
  }
  value.r = good;
  EXPECT_EQ(code(), "");
}

TEST_F(TpmSignatureCheck, RefusesAWeakKey) {
  signer.unique = codec::TpmRsaModulus{.exponent = 65537, .modulus = Bytes(128, 0xFF)};
  EXPECT_EQ(code(), "KEY-WEAK");
}

TEST(TpmName, RefusesSha1) {
  codec::TpmPublic key;
  key.name_algorithm = TpmAlgorithm::sha1;
  EXPECT_EQ(code_of(tpm_name(key)), "TPM-HASH");
}

TEST(MakeCredential, RefusesOtherKindsOfEndorsementKey) {
  const Bytes name(34, 1);
  const SecretBytes secret(Bytes(32, 7));
  const auto code = [&](const codec::TpmPublic& key) {
    return code_of(make_credential(key, name, secret));
  };
  codec::TpmPublic key = endorsement_key();
  EXPECT_EQ(code(key), "");
  key.symmetric_bits = 256;
  EXPECT_EQ(code(key), "TPM-EK-KIND");
  key = endorsement_key();
  key.name_algorithm = TpmAlgorithm::sha384;
  EXPECT_EQ(code(key), "TPM-EK-KIND");
  key = endorsement_key();
  key.attributes.bits &= ~(1U << 16U);  // an unrestricted key would decrypt for anybody
  EXPECT_EQ(code(key), "TPM-EK-KIND");
  key = endorsement_key();
  key.attributes.bits |= 1U << 18U;
  EXPECT_EQ(code(key), "TPM-EK-KIND");
  key = endorsement_key();
  key.unique = codec::TpmRsaModulus{.exponent = 65537, .modulus = Bytes(384, 0xFF)};
  EXPECT_EQ(code(key), "TPM-EK-KIND");
  key.unique = codec::TpmRsaModulus{.exponent = 65537, .modulus = Bytes(128, 0xFF)};
  EXPECT_EQ(code(key), "KEY-WEAK");
}

TEST(MakeCredential, RefusesWrongNamesAndSecrets) {
  const codec::TpmPublic key = endorsement_key();
  EXPECT_EQ(code_of(make_credential(key, Bytes(33, 1), SecretBytes(Bytes(32)))), "TPM-NAME");
  EXPECT_EQ(code_of(make_credential(key, {}, SecretBytes(Bytes(32)))), "TPM-NAME");
  EXPECT_EQ(code_of(make_credential(key, Bytes(34, 1), SecretBytes(Bytes(33)))), "TPM-SECRET-SIZE");
  EXPECT_EQ(code_of(make_credential(key, Bytes(34, 1), SecretBytes())), "TPM-SECRET-SIZE");
}

}  // namespace
}  // namespace vedette::crypto
