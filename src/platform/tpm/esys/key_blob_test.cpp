#include "platform/tpm/esys/key_blob.h"

#include <gtest/gtest.h>

#include "platform/tpm/esys/key_templates.h"

namespace vedette::platform::esys {
namespace {

const TPM2B_PUBLIC kDevice = device_template();
const TPM2B_PUBLIC kAttestation = attestation_template(AttestationKeyKind::ecdsa_p256);

KeyBlob sample(const TPM2B_PUBLIC& kind) {
  KeyBlob blob;
  blob.public_part = kind;
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
  const Bytes whole = encoded(sample(kDevice));
  ASSERT_EQ(refusal(whole), "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(refusal(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
              "TPM-STATE")
        << size;
}

TEST(KeyBlob, RefusesTrailingOctets) {
  Bytes longer = encoded(sample(kDevice));
  longer.push_back(0);
  EXPECT_EQ(refusal(longer), "TPM-STATE");
}

TEST(KeyBlob, RefusesAnOuterSizeThatDoesNotFit) {
  Bytes other = encoded(sample(kDevice));
  other[1] = static_cast<std::uint8_t>(other[1] + 1U);
  EXPECT_EQ(refusal(other), "TPM-STATE");
}

TEST(KeyBlob, KnowsAnUnrestrictedKeyFromARestrictedOne) {
  EXPECT_FALSE(is_of_kind(sample(kDevice), kAttestation));
  EXPECT_FALSE(is_of_kind(sample(kAttestation), kDevice));
  EXPECT_TRUE(is_of_kind(sample(kDevice), kDevice));
}

TEST(KeyBlob, KnowsAKeyThatMayLeaveItsTpm) {
  KeyBlob loose = sample(kAttestation);
  loose.public_part.publicArea.objectAttributes &= ~TPMA_OBJECT{TPMA_OBJECT_FIXEDTPM};
  EXPECT_FALSE(is_of_kind(loose, kAttestation));
}

TEST(KeyBlob, KnowsTheKindsOfAttestationKeyApart) {
  using enum AttestationKeyKind;
  for (const auto one : {ecdsa_p256, ecdsa_p384, rsa_2048})
    for (const auto other : {ecdsa_p256, ecdsa_p384, rsa_2048}) {
      KeyBlob blob;
      blob.public_part = attestation_template(one);
      EXPECT_EQ(is_of_kind(blob, attestation_template(other)), one == other);
    }
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
