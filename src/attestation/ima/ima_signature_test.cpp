#include "attestation/ima/ima_signature.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_signing.h"

namespace vedette::attestation {
namespace {

const Bytes kSound = {3, 2, 4, 0x11, 0x22, 0x33, 0x44, 0, 2, 0xAA, 0xBB};

TEST(ImaSignature, RefusesAHeaderThatIsNotVersionTwo) {
  for (const auto& [at, value] : {std::pair<std::size_t, std::uint8_t>{0, 6},
                                  {0, 1},
                                  {1, 1},
                                  {1, 3},
                                  {2, 2},
                                  {2, 1},
                                  {2, 7},
                                  {2, 0}}) {
    Bytes bent = kSound;
    bent[at] = value;
    EXPECT_EQ(code_of(parse_ima_signature(bent)), "ATT-IMA-SIGNATURE") << at << int{value};
  }
}

TEST(ImaSignature, RefusesALengthThatIsNotExactlyWhatFollows) {
  for (std::size_t size = 0; size < kSound.size(); ++size)
    EXPECT_EQ(code_of(parse_ima_signature(ByteView(kSound).first(size))), "ATT-IMA-SIGNATURE");
  Bytes longer = kSound;
  longer.push_back(0);
  EXPECT_EQ(code_of(parse_ima_signature(longer)), "ATT-IMA-SIGNATURE");
  Bytes empty(kSound.begin(), kSound.end() - 2);
  empty.back() = 0;
  EXPECT_EQ(code_of(parse_ima_signature(empty)), "ATT-IMA-SIGNATURE");
}

TEST(ImaSignature, ReadsItsFields) {
  const auto signature = parse_ima_signature(kSound);
  ASSERT_TRUE(signature.has_value());
  EXPECT_EQ(signature->hash, codec::TpmAlgorithm::sha256);
  EXPECT_EQ(signature->key_id, 0x11223344U);
  EXPECT_EQ(signature->signature, (Bytes{0xAA, 0xBB}));
}

TEST(ImaSignature, RefusesAnotherFileKeyOrHash) {
  const auto signer = crypto::PrivateKey::generate_p256();
  const ImaKey key = ima_key(signer.public_key());
  const auto signature = parse_ima_signature(sign_file(signer, "content")).value();
  EXPECT_EQ(code_of(verify_ima_signature(signature, sample_digest("content"), key)), "accepted");
  EXPECT_EQ(code_of(verify_ima_signature(signature, sample_digest("other"), key)), "SIG-INVALID");
  EXPECT_EQ(code_of(verify_ima_signature(
                signature, sample_digest("content", codec::TpmAlgorithm::sha384), key)),
            "SIG-INVALID");
  const ImaKey other = ima_key(crypto::PrivateKey::generate_p256().public_key());
  EXPECT_EQ(code_of(verify_ima_signature(signature, sample_digest("content"), other)),
            "SIG-INVALID");
}

}  // namespace
}  // namespace vedette::attestation
