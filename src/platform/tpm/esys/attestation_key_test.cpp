// Attestation keys of each kind, made by a TPM and checked by the verifier's own code.
#include <gtest/gtest.h>

#include "base/fd.h"
#include "crypto/tpm.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/shared_tpm.h"

namespace vedette::platform {
namespace {

using codec::TpmAlgorithm;

struct Kind {
  AttestationKeyKind kind;
  std::string name;
  TpmAlgorithm scheme;
  TpmAlgorithm hash;
  std::size_t octets;  // of a field element, or of the modulus
};

const Kind kKinds[] = {
    {AttestationKeyKind::ecdsa_p256, "EcdsaP256", TpmAlgorithm::ecdsa, TpmAlgorithm::sha256, 32},
    {AttestationKeyKind::ecdsa_p384, "EcdsaP384", TpmAlgorithm::ecdsa, TpmAlgorithm::sha384, 48},
    {AttestationKeyKind::rsa_2048, "Rsa2048", TpmAlgorithm::rsassa, TpmAlgorithm::sha256, 256}};

class AttestationKey : public testing::SharedTpm, public ::testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    SharedTpm::SetUp();
    if (IsSkipped()) return;
    tpm_ = open(GetParam().kind);
  }

  // A folder per kind: each test of it finds the same key.
  [[nodiscard]] static std::string folder() {
    return shared_device->state_folder() + "/" + GetParam().name;
  }
  [[nodiscard]] static std::unique_ptr<Tpm> open(AttestationKeyKind kind) {
    auto tpm = open_esys_tpm({shared_device->tcti(), folder(), kind});
    EXPECT_TRUE(tpm) << describe(tpm.error());
    return tpm ? std::move(*tpm) : nullptr;
  }
  [[nodiscard]] codec::TpmPublic key() {
    return codec::parse_tpm2b_public(tpm_->attestation_key().value()).value();
  }
  [[nodiscard]] codec::TpmAttest verified(const Bytes& attest, const Bytes& signature) {
    const auto parsed = codec::parse_tpmt_signature(signature).value();
    EXPECT_EQ(parsed.hash, GetParam().hash);
    const auto good = crypto::verify_tpm_signature(key(), attest, parsed);
    EXPECT_TRUE(good) << describe(good.error());
    return codec::parse_tpms_attest(attest).value();
  }

  std::unique_ptr<Tpm> tpm_;
};

TEST_P(AttestationKey, IsNotReplacedWhenAnotherKindIsAskedFor) {
  const auto before = tpm_->attestation_key();
  ASSERT_TRUE(before) << describe(before.error());
  const auto file = read_file(folder() + "/attestation-key.tpm2", 4096);
  tpm_.reset();
  for (const Kind& other : kKinds) {
    if (other.kind == GetParam().kind) continue;
    const auto refused = open(other.kind)->attestation_key();
    ASSERT_FALSE(refused) << other.name;
    EXPECT_EQ(refused.error().code, "TPM-STATE");
  }
  EXPECT_EQ(read_file(folder() + "/attestation-key.tpm2", 4096), file);
  EXPECT_EQ(open(GetParam().kind)->attestation_key(), before);
}

TEST_P(AttestationKey, RefusesMoreThan32OctetsWhateverItsHash) {
  const auto refused = tpm_->quote({TpmAlgorithm::sha256, {0}}, Bytes(33, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "TPM-QUALIFYING-DATA");
}

TEST_P(AttestationKey, IsRestrictedFixedAndOfItsKind) {
  const auto made = key();
  const auto& is = made.attributes;
  EXPECT_TRUE(is.restricted() && is.sign() && is.fixed_tpm() && is.fixed_parent());
  EXPECT_TRUE(is.sensitive_data_origin());
  EXPECT_FALSE(is.decrypt());
  EXPECT_EQ(made.scheme, GetParam().scheme);
  EXPECT_EQ(made.scheme_hash, GetParam().hash);
  EXPECT_EQ(made.name_algorithm, GetParam().hash);
  const auto* point = std::get_if<codec::TpmEccPoint>(&made.unique);
  const auto* modulus = std::get_if<codec::TpmRsaModulus>(&made.unique);
  EXPECT_EQ(point != nullptr ? point->x.size() : modulus->modulus.size(), GetParam().octets);
}

// The digest is by the hash of the signing scheme, whatever the bank.
TEST_P(AttestationKey, QuotesTheValuesThatItReturns) {
  const Bytes nonce(32, 0x11);
  const codec::TpmPcrSelection selection{TpmAlgorithm::sha256, {0, 1, 2, 3, 4, 5, 6, 7, 10, 23}};
  const auto quote = tpm_->quote(selection, nonce);
  ASSERT_TRUE(quote) << describe(quote.error());
  const auto attest = verified(quote->attest, quote->signature);
  EXPECT_EQ(attest.extra_data, nonce);
  const auto& info = std::get<codec::TpmQuoteInfo>(attest.info);
  EXPECT_EQ(info.selections, std::vector{selection});
  Bytes all;
  for (const Bytes& value : quote->pcr_values)
    append(all, value);
  EXPECT_EQ(info.pcr_digest, crypto::digest(crypto::tpm_hash(GetParam().hash).value(), all));
}

TEST_P(AttestationKey, CertifiesTheDeviceKey) {
  const auto certification = tpm_->certify_device_key(Bytes(32, 0x22));
  ASSERT_TRUE(certification) << describe(certification.error());
  const auto attest = verified(certification->attest, certification->signature);
  const auto device = codec::parse_tpm2b_public(tpm_->device_key().value()).value();
  EXPECT_EQ(std::get<codec::TpmCertifyInfo>(attest.info).name, crypto::tpm_name(device).value());
}

TEST_P(AttestationKey, OpensACredentialThatIsMadeForIt) {
  const auto ek = codec::parse_tpm2b_public(tpm_->endorsement_key().value()).value();
  const auto made =
      crypto::make_credential(ek, crypto::tpm_name(key()).value(), SecretBytes(Bytes(32, 0x33)));
  ASSERT_TRUE(made) << describe(made.error());
  const auto secret = tpm_->activate_credential(made->credential_blob, made->encrypted_secret);
  ASSERT_TRUE(secret) << describe(secret.error());
  EXPECT_TRUE(equal_constant_time(secret->expose(), Bytes(32, 0x33)));
}

INSTANTIATE_TEST_SUITE_P(OfEachKind, AttestationKey, ::testing::ValuesIn(kKinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace vedette::platform
