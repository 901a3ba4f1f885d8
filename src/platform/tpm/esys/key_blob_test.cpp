#include "platform/tpm/esys/key_blob.h"

#include <gtest/gtest.h>

#include "platform/tpm/esys/key_templates.h"

namespace vedette::platform::esys {
namespace {

KeyBlob sample(SigningKey key) {
  KeyBlob blob;
  blob.public_part = signing_template(key);
  blob.public_part.publicArea.unique.ecc.x.size = 32;
  blob.public_part.publicArea.unique.ecc.y.size = 32;
  blob.private_part.size = 5;
  return blob;
}

Bytes encoded(const KeyBlob& blob) {
  return encode_key_blob(blob).value_or(Bytes{});
}

std::string refusal(const Bytes& bytes) {
  const auto blob = parse_key_blob(bytes);
  return blob ? "accepted" : blob.error().code;
}

TEST(KeyBlob, RefusesEveryTruncation) {
  const Bytes whole = encoded(sample(SigningKey::device));
  ASSERT_EQ(refusal(whole), "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(refusal(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
              "TPM-STATE")
        << size;
}

TEST(KeyBlob, RefusesTrailingOctets) {
  Bytes longer = encoded(sample(SigningKey::device));
  longer.push_back(0);
  EXPECT_EQ(refusal(longer), "TPM-STATE");
}

TEST(KeyBlob, RefusesAnOuterSizeThatDoesNotFit) {
  Bytes other = encoded(sample(SigningKey::device));
  other[1] = static_cast<std::uint8_t>(other[1] + 1U);
  EXPECT_EQ(refusal(other), "TPM-STATE");
}

TEST(KeyBlob, KnowsAnUnrestrictedKeyFromARestrictedOne) {
  EXPECT_FALSE(is_of_kind(sample(SigningKey::device), signing_template(SigningKey::attestation)));
  EXPECT_FALSE(is_of_kind(sample(SigningKey::attestation), signing_template(SigningKey::device)));
  EXPECT_TRUE(is_of_kind(sample(SigningKey::device), signing_template(SigningKey::device)));
}

TEST(KeyBlob, KnowsAKeyThatMayLeaveItsTpm) {
  KeyBlob loose = sample(SigningKey::attestation);
  loose.public_part.publicArea.objectAttributes &= ~TPMA_OBJECT{TPMA_OBJECT_FIXEDTPM};
  EXPECT_FALSE(is_of_kind(loose, signing_template(SigningKey::attestation)));
}

TEST(KeyBlob, SaysThatNoFileIsNoKey) {
  const auto blob = read_key_blob("/nonexistent/key.tpm2");
  ASSERT_TRUE(blob);
  EXPECT_FALSE(blob->has_value());
}

TEST(KeyBlob, RefusesAFileThatCannotBeRead) {
  const auto blob = read_key_blob("/proc/self");
  ASSERT_FALSE(blob);
  EXPECT_EQ(blob.error().code, "TPM-STATE");
}

}  // namespace
}  // namespace vedette::platform::esys
