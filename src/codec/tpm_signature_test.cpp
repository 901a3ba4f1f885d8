#include <gtest/gtest.h>

#include "codec/tpm.h"
#include "codec/tpm_samples.h"

namespace vedette::codec {
namespace {

using samples::filled;
using samples::Wire;

std::string code_of(const Bytes& bytes) {
  const auto signature = parse_tpmt_signature(bytes);
  return signature.has_value() ? "accepted" : signature.error().code;
}

Bytes ecdsa(const Bytes& r, const Bytes& s) {
  return Wire().u16(0x0018).u16(0x000B).sized(r).sized(s).bytes();
}

TEST(TpmSignature, RefusesEveryTruncation) {
  for (const Bytes& whole : {samples::ecdsa_signature(), samples::rsa_signature()}) {
    ASSERT_EQ(code_of(whole), "accepted");
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(code_of(to_bytes(ByteView(whole).first(length))), "TPM-SYNTAX") << length;
  }
}

TEST(TpmSignature, RefusesOneOctetBehindTheStructure) {
  for (Bytes whole : {samples::ecdsa_signature(), samples::rsa_signature()}) {
    whole.push_back(0);
    EXPECT_EQ(code_of(whole), "TPM-SYNTAX");
  }
}

TEST(TpmSignature, RefusesOtherAlgorithms) {
  for (const unsigned algorithm : {0x0005U, 0x0010U, 0x001AU, 0x001BU, 0x001CU, 0xFFFFU})
    EXPECT_EQ(code_of(Wire().u16(algorithm).u16(0x000B).sized(filled(32, 1)).bytes()), "TPM-SYNTAX")
        << algorithm;
  EXPECT_EQ(code_of(Wire().u16(0x0010).bytes()), "TPM-SYNTAX");
}

TEST(TpmSignature, RefusesAHashThatItDoesNotKnow) {
  for (const unsigned hash : {0x0000U, 0x0010U, 0x0012U})
    EXPECT_EQ(code_of(Wire().u16(0x0014).u16(hash).sized(filled(256, 1)).bytes()), "TPM-SYNTAX");
}

TEST(TpmSignature, RefusesNumbersThatAreEmptyOrTooLong) {
  EXPECT_EQ(code_of(ecdsa({}, filled(32, 1))), "TPM-SYNTAX");
  EXPECT_EQ(code_of(ecdsa(filled(32, 1), {})), "TPM-SYNTAX");
  EXPECT_EQ(code_of(ecdsa(filled(67, 1), filled(32, 1))), "TPM-SYNTAX");
  EXPECT_EQ(code_of(ecdsa(filled(66, 1), filled(66, 1))), "accepted");
  EXPECT_EQ(code_of(Wire().u16(0x0016).u16(0x000B).sized({}).bytes()), "TPM-SYNTAX");
  EXPECT_EQ(code_of(Wire().u16(0x0016).u16(0x000B).sized(filled(513, 1)).bytes()), "TPM-SYNTAX");
}

TEST(TpmSignature, ReadsEcdsa) {
  const auto signature = parse_tpmt_signature(samples::ecdsa_signature());
  ASSERT_TRUE(signature.has_value());
  EXPECT_EQ(signature->algorithm, TpmAlgorithm::ecdsa);
  EXPECT_EQ(signature->hash, TpmAlgorithm::sha256);
  const auto& value = std::get<TpmEcdsaSignature>(signature->value);
  EXPECT_EQ(value.r, filled(32, 0xAA));
  EXPECT_EQ(value.s, filled(31, 0xBB));
}

TEST(TpmSignature, ReadsRsa) {
  const auto signature = parse_tpmt_signature(samples::rsa_signature());
  ASSERT_TRUE(signature.has_value());
  EXPECT_EQ(signature->algorithm, TpmAlgorithm::rsassa);
  EXPECT_EQ(std::get<TpmRsaSignature>(signature->value).signature, filled(256, 0xCC));
}

}  // namespace
}  // namespace vedette::codec
