// What the adapter does, checked by the verifier's own code: codec/tpm.h and crypto/tpm.h.
#include "platform/tpm/esys/esys_tpm.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "crypto/certificate.h"
#include "crypto/tpm.h"
#include "testing/shared_tpm.h"

namespace vedette::platform {
namespace {

using codec::TpmAlgorithm;

class EsysTpm : public testing::SharedTpm {
 protected:
  void SetUp() override {
    SharedTpm::SetUp();
    if (IsSkipped()) return;
    tpm_ = reopened();
    ASSERT_NE(tpm_, nullptr);
  }

  // The emulator is for one user at a time: the one before goes first.
  std::unique_ptr<Tpm> reopened() {
    tpm_.reset();
    auto tpm = open_esys_tpm({shared_device->tcti(), shared_device->state_folder()});
    EXPECT_TRUE(tpm) << describe(tpm.error());
    return tpm ? std::move(*tpm) : nullptr;
  }
  codec::TpmPublic public_of(const Result<Bytes>& tpm2b) {
    EXPECT_TRUE(tpm2b) << describe(tpm2b.error());
    const auto parsed = codec::parse_tpm2b_public(*tpm2b);
    EXPECT_TRUE(parsed) << describe(parsed.error());
    return *parsed;
  }
  codec::TpmAttest verified(const Bytes& attest, const Bytes& signature) {
    const auto parsed_signature = codec::parse_tpmt_signature(signature);
    EXPECT_TRUE(parsed_signature);
    const auto good =
        crypto::verify_tpm_signature(public_of(tpm_->attestation_key()), attest, *parsed_signature);
    EXPECT_TRUE(good) << describe(good.error());
    const auto parsed = codec::parse_tpms_attest(attest);
    EXPECT_TRUE(parsed) << describe(parsed.error());
    return *parsed;
  }

  std::unique_ptr<Tpm> tpm_;
};

Bytes joined(const std::vector<Bytes>& values) {
  Bytes all;
  for (const auto& value : values)
    append(all, value);
  return all;
}

TEST_F(EsysTpm, EndorsementKeyIsOfTheTcgTemplate) {
  const auto ek = public_of(tpm_->endorsement_key());
  EXPECT_EQ(ek.attributes.bits, 0x000300B2U);  // EK Credential Profile 2.5, B.3.3
  EXPECT_EQ(ek.symmetric, TpmAlgorithm::aes);
  EXPECT_EQ(ek.symmetric_bits, 128);
  EXPECT_EQ(to_hex(ek.auth_policy),
            "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
  ASSERT_TRUE(std::holds_alternative<codec::TpmRsaModulus>(ek.unique));
  EXPECT_EQ(std::get<codec::TpmRsaModulus>(ek.unique).modulus.size(), 256U);
}

TEST_F(EsysTpm, EndorsementCertificateIsForThisKeyAndFromItsMaker) {
  const auto der = tpm_->endorsement_certificate();
  ASSERT_TRUE(der && der->has_value());
  const auto certificate = crypto::Certificate::from_der(**der);
  ASSERT_TRUE(certificate) << describe(certificate.error());
  const auto key = crypto::public_key_of(public_of(tpm_->endorsement_key()));
  ASSERT_TRUE(key);
  EXPECT_EQ(certificate->public_key(), *key);

  const auto root = read_file(shared_device->root_certificate_path(), 8192);
  const auto issuer = read_file(shared_device->issuer_certificate_path(), 8192);
  ASSERT_TRUE(root && issuer);
  const auto roots = crypto::Certificate::all_from_pem(as_text(*root));
  const auto issuers = crypto::Certificate::all_from_pem(as_text(*issuer));
  ASSERT_TRUE(roots && issuers);
  const auto trusted = crypto::verify_chain(*certificate, *issuers, *roots, SystemClock{}.now(),
                                            crypto::Purpose::endorsement_key);
  EXPECT_TRUE(trusted) << describe(trusted.error());
}

TEST_F(EsysTpm, AttestationKeyIsRestrictedAndFixed) {
  const auto ak = public_of(tpm_->attestation_key());
  const auto& is = ak.attributes;
  EXPECT_TRUE(is.restricted() && is.sign() && is.fixed_tpm() && is.fixed_parent());
  EXPECT_TRUE(is.sensitive_data_origin() && is.user_with_auth());
  EXPECT_FALSE(is.decrypt() || is.admin_with_policy());
  EXPECT_EQ(ak.scheme, TpmAlgorithm::ecdsa);
  EXPECT_EQ(ak.scheme_hash, TpmAlgorithm::sha256);
  EXPECT_EQ(std::get<codec::TpmEccPoint>(ak.unique).curve, codec::TpmCurve::p256);
}

TEST_F(EsysTpm, DeviceKeyIsUnrestrictedAndFixed) {
  const auto key = public_of(tpm_->device_key());
  const auto& is = key.attributes;
  EXPECT_TRUE(is.sign() && is.fixed_tpm() && is.fixed_parent() && is.sensitive_data_origin());
  EXPECT_FALSE(is.restricted() || is.decrypt());
  EXPECT_EQ(key.scheme, TpmAlgorithm::ecdsa);
  EXPECT_EQ(key.scheme_hash, TpmAlgorithm::sha256);
}

TEST_F(EsysTpm, KeysStayTheSameAndTheirFilesArePrivate) {
  const auto ek = tpm_->endorsement_key();
  const auto ak = tpm_->attestation_key();
  const auto key = tpm_->device_key();
  ASSERT_TRUE(ek && ak && key);
  EXPECT_NE(*ak, *key);
  tpm_ = reopened();
  EXPECT_EQ(tpm_->endorsement_key(), ek);
  EXPECT_EQ(tpm_->attestation_key(), ak);
  EXPECT_EQ(tpm_->device_key(), key);
  for (const auto* name : {"/attestation-key.tpm2", "/device-key.tpm2"}) {
    struct stat status{};
    ASSERT_EQ(::stat((shared_device->state_folder() + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
}

TEST_F(EsysTpm, OutlivesAPowerCycleOfTheTpm) {
  const auto ak = tpm_->attestation_key();
  const auto signer = tpm_->device_key_signer();
  const auto before = tpm_->quote({TpmAlgorithm::sha256, {23}}, {});
  ASSERT_TRUE(ak && signer && before);
  ASSERT_TRUE(shared_device->restart());
  const auto after = tpm_->quote({TpmAlgorithm::sha256, {23}}, {});
  ASSERT_TRUE(after) << describe(after.error());
  const auto old_clock = verified(before->attest, before->signature).clock;
  EXPECT_GT(verified(after->attest, after->signature).clock.reset_count, old_clock.reset_count);
  EXPECT_EQ(tpm_->attestation_key(), ak);
  EXPECT_TRUE((*signer)->sign_digest({}));
}

TEST_F(EsysTpm, RecoversACredentialMadeForItsAttestationKey) {
  const auto ek = public_of(tpm_->endorsement_key());
  const auto name = crypto::tpm_name(public_of(tpm_->attestation_key()));
  ASSERT_TRUE(name);
  // With the device key loaded too, all three slots of the emulator are in use.
  ASSERT_TRUE(tpm_->device_key());
  for (std::uint8_t round = 0; round < 3; ++round) {
    const auto made = crypto::make_credential(ek, *name, SecretBytes(Bytes(32, round)));
    ASSERT_TRUE(made) << describe(made.error());
    const auto secret = tpm_->activate_credential(made->credential_blob, made->encrypted_secret);
    ASSERT_TRUE(secret) << describe(secret.error());
    EXPECT_TRUE(equal_constant_time(secret->expose(), Bytes(32, round)));
  }
}

TEST_F(EsysTpm, QuotesTheValuesThatItReturns) {
  const Bytes nonce(32, 0x11);
  // More registers than one TPM2_PCR_Read returns.
  const codec::TpmPcrSelection selection{TpmAlgorithm::sha256, {0, 1, 2, 3, 4, 5, 6, 7, 10, 23}};
  const auto quote = tpm_->quote(selection, nonce);
  ASSERT_TRUE(quote) << describe(quote.error());
  const auto attest = verified(quote->attest, quote->signature);
  EXPECT_EQ(attest.extra_data, nonce);
  const auto& info = std::get<codec::TpmQuoteInfo>(attest.info);
  EXPECT_EQ(info.selections, std::vector{selection});
  ASSERT_EQ(quote->pcr_values.size(), selection.registers.size());
  EXPECT_EQ(info.pcr_digest, to_bytes(crypto::sha256(joined(quote->pcr_values))));
}

TEST_F(EsysTpm, ReadsTheRegisterThatItQuotes) {
  ASSERT_TRUE(tpm_->extend(14, {crypto::sha256(as_bytes("measured"))}));
  const auto quoted = tpm_->quote({TpmAlgorithm::sha256, {14, 15}}, {});
  ASSERT_TRUE(quoted) << describe(quoted.error());
  for (std::size_t i = 0; i < 2; ++i) {
    const auto value = tpm_->read_register(static_cast<std::uint8_t>(14 + i));
    ASSERT_TRUE(value) << describe(value.error());
    ASSERT_EQ(value->size(), 1U) << "it keeps the SHA-256 bank alone";
    EXPECT_EQ(to_bytes(value->front().octets()), quoted->pcr_values[i]);
  }
  EXPECT_FALSE(tpm_->read_register(14)->front().is_zero());
}

TEST_F(EsysTpm, ExtendsOneRegister) {
  const codec::TpmPcrSelection selection{TpmAlgorithm::sha256, {15, 16}};
  const auto before = tpm_->quote(selection, {});
  crypto::Sha256Digest measured{};
  measured.fill(0x42);
  ASSERT_TRUE(tpm_->extend(16, {measured}));
  const auto after = tpm_->quote(selection, {});
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->pcr_values[0], before->pcr_values[0]);
  Bytes expected = before->pcr_values[1];
  append(expected, measured);
  EXPECT_EQ(after->pcr_values[1], to_bytes(crypto::sha256(expected)));
}

TEST_F(EsysTpm, CertifiesTheDeviceKey) {
  const Bytes nonce(32, 0x22);
  const auto certification = tpm_->certify_device_key(nonce);
  ASSERT_TRUE(certification) << describe(certification.error());
  const auto attest = verified(certification->attest, certification->signature);
  EXPECT_EQ(attest.extra_data, nonce);
  EXPECT_EQ(std::get<codec::TpmCertifyInfo>(attest.info).name,
            crypto::tpm_name(public_of(tpm_->device_key())));
}

TEST_F(EsysTpm, SignsForADelegatedKeyEvenWhenTheTpmObjectIsGone) {
  const auto public_key = crypto::public_key_of(public_of(tpm_->device_key()));
  const auto signer = tpm_->device_key_signer();
  ASSERT_TRUE(public_key && signer);
  tpm_.reset();
  const auto key = crypto::PrivateKey::delegated(*public_key, *signer);
  ASSERT_TRUE(key) << describe(key.error());
  const auto signature = key->sign(as_bytes("message"));
  ASSERT_TRUE(signature) << describe(signature.error());
  EXPECT_TRUE(public_key->verify(crypto::Hash::sha256, as_bytes("message"), *signature));
  EXPECT_FALSE(public_key->verify(crypto::Hash::sha256, as_bytes("massage"), *signature));
}

TEST_F(EsysTpm, ServesFourThreadsAtOnce) {
  const auto public_key = crypto::public_key_of(public_of(tpm_->device_key()));
  const auto signer = tpm_->device_key_signer();
  ASSERT_TRUE(public_key && signer);
  const auto key = crypto::PrivateKey::delegated(*public_key, *signer);
  ASSERT_TRUE(key);
  std::atomic<int> good = 0;
  std::atomic<int> quotes = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string message = std::to_string(t) + ":" + std::to_string(i);
          const auto signature = key->sign(as_bytes(message));
          good +=
              signature && public_key->verify(crypto::Hash::sha256, as_bytes(message), *signature);
          if (i % 10 == 0) quotes += tpm_->quote({TpmAlgorithm::sha256, {0}}, {}).has_value();
        }
      });
  }
  EXPECT_EQ(good, 200);
  EXPECT_EQ(quotes, 20);
}

}  // namespace
}  // namespace vedette::platform
