// What the adapter refuses, and that nothing is lost when it does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <tss2/tss2_esys.h>

#include "base/fd.h"
#include "crypto/tpm.h"
#include "platform/tpm/esys/connection.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "platform/tpm/esys/key_templates.h"
#include "testing/shared_tpm.h"

namespace vedette::platform {
namespace {

const bool kQuiet = (quiet_tss2_log(), true);  // before the library's first word

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "accepted" : result.error().code;
}

TEST(EsysTpmAddress, RefusesToLoadALibraryByName) {
  for (const auto* tcti :
       {"", "libtss2-tcti-device.so.0:/dev/tpm0", "./evil.so:", "cmd:sh", "swtpm"})
    EXPECT_EQ(code_of(open_esys_tpm({tcti, "/tmp"})), "TPM-TCTI") << tcti;
}

TEST(EsysTpmAddress, RefusesATpmThatIsNotThere) {
  EXPECT_EQ(code_of(open_esys_tpm({"swtpm:path=/nonexistent/sock", "/tmp"})), "TPM-UNREACHABLE");
  EXPECT_EQ(code_of(open_esys_tpm({"device:/dev/nonexistent-tpm", "/tmp"})), "TPM-UNREACHABLE");
  EXPECT_EQ(code_of(open_esys_tpm({"device:/dev/null", "/tmp"})), "TPM-UNREACHABLE");
}

class EsysTpmRefusal : public testing::SharedTpm {
 protected:
  // A folder of its own per test: keys made in one must not hide a refusal in another.
  static std::string folder(const std::string& name) {
    const std::string path = shared_device->state_folder() + "/" + name;
    ::mkdir(path.c_str(), 0700);
    return path;
  }
  static std::unique_ptr<Tpm> open(const std::string& state_folder) {
    auto tpm = open_esys_tpm({shared_device->tcti(), state_folder});
    EXPECT_TRUE(tpm) << describe(tpm.error());
    return tpm ? std::move(*tpm) : nullptr;
  }
  static Bytes content(const std::string& path) { return read_file(path, 4096).value_or(Bytes{}); }
};

TEST_F(EsysTpmRefusal, KeysOfAnotherTpmAreRefusedAndKept) {
  const std::string keys = folder("foreign");
  ASSERT_TRUE(open(keys)->attestation_key());
  const Bytes before = content(keys + "/attestation-key.tpm2");
  ASSERT_FALSE(before.empty());

  const auto other = testing::SoftwareTpm::start("device-2");
  ASSERT_TRUE(other) << describe(other.error());
  const auto tpm = open_esys_tpm({(*other)->tcti(), keys});
  ASSERT_TRUE(tpm);
  const auto key = (*tpm)->attestation_key();
  EXPECT_EQ(code_of(key), "TPM-FOREIGN-STATE");
  EXPECT_NE(key.error().hint, "");
  EXPECT_EQ(code_of((*tpm)->quote({codec::TpmAlgorithm::sha256, {0}}, {})), "TPM-FOREIGN-STATE");
  EXPECT_EQ(content(keys + "/attestation-key.tpm2"), before);
}

TEST_F(EsysTpmRefusal, ATruncatedKeyIsRefusedAndKept) {
  const std::string keys = folder("truncated");
  ASSERT_TRUE(open(keys)->device_key());
  Bytes damaged = content(keys + "/device-key.tpm2");
  damaged.resize(damaged.size() - 1);
  ASSERT_TRUE(write_file_atomically(keys + "/device-key.tpm2", damaged, 0600));
  const auto tpm = open(keys);
  EXPECT_EQ(code_of(tpm->device_key()), "TPM-STATE");
  EXPECT_EQ(code_of(tpm->device_key_signer()), "TPM-STATE");
  EXPECT_EQ(content(keys + "/device-key.tpm2"), damaged);
  EXPECT_EQ(code_of(tpm->attestation_key()), "TPM-STATE") << "half a state is no state";
}

TEST_F(EsysTpmRefusal, AnUnrestrictedKeyInTheAttestationKeysPlaceIsRefused) {
  const std::string keys = folder("swapped");
  ASSERT_TRUE(open(keys)->device_key());
  ASSERT_TRUE(write_file_atomically(keys + "/attestation-key.tpm2",
                                    content(keys + "/device-key.tpm2"), 0600));
  EXPECT_EQ(code_of(open(keys)->attestation_key()), "TPM-STATE");
}

TEST_F(EsysTpmRefusal, AStateFolderThatCannotBeMadeIsRefused) {
  EXPECT_EQ(code_of(open("/nonexistent/state")->attestation_key()), "TPM-STATE");
}

TEST_F(EsysTpmRefusal, ACredentialForAnotherAttestationKeyIsRefused) {
  const auto tpm = open(folder("credential"));
  const auto ek = codec::parse_tpm2b_public(tpm->endorsement_key().value());
  const auto other = codec::parse_tpm2b_public(tpm->device_key().value());
  ASSERT_TRUE(ek && other);
  const auto made =
      crypto::make_credential(*ek, crypto::tpm_name(*other).value(), SecretBytes(Bytes(32, 0x5A)));
  ASSERT_TRUE(made);
  EXPECT_EQ(code_of(tpm->activate_credential(made->credential_blob, made->encrypted_secret)),
            "TPM-CREDENTIAL");
}

TEST_F(EsysTpmRefusal, ACredentialForAnotherEndorsementKeyIsRefused) {
  const auto other = testing::SoftwareTpm::start("device-3");
  ASSERT_TRUE(other);
  const auto foreign = open_esys_tpm({(*other)->tcti(), (*other)->state_folder()});
  ASSERT_TRUE(foreign);
  const auto ek = codec::parse_tpm2b_public((*foreign)->endorsement_key().value());
  const auto tpm = open(folder("credential"));
  const auto ak = codec::parse_tpm2b_public(tpm->attestation_key().value());
  ASSERT_TRUE(ek && ak);
  const auto made =
      crypto::make_credential(*ek, crypto::tpm_name(*ak).value(), SecretBytes(Bytes(32, 0x5A)));
  ASSERT_TRUE(made);
  const auto secret = tpm->activate_credential(made->credential_blob, made->encrypted_secret);
  ASSERT_FALSE(secret);
  // The emulator reports a secret that does not decrypt as TPM_RC_FAILURE, hardware as a bad value.
  EXPECT_THAT(secret.error().code, ::testing::AnyOf("TPM-CREDENTIAL", "TPM-COMMAND"));
  EXPECT_EQ(code_of(tpm->quote({codec::TpmAlgorithm::sha256, {0}}, {})), "accepted");
}

TEST_F(EsysTpmRefusal, MalformedCredentialsAreRefusedBeforeTheTpmSeesThem) {
  const auto tpm = open(folder("credential"));
  const Bytes well_formed{0x00, 0x02, 0xAB, 0xCD};
  for (const Bytes& bad : {Bytes{}, Bytes{0x00}, Bytes{0x00, 0x03, 0x01}, Bytes{0xFF, 0xFF},
                           Bytes{0x00, 0x01, 0xAA, 0xBB}, Bytes(70000, 0xFF)}) {
    EXPECT_EQ(code_of(tpm->activate_credential(bad, well_formed)), "TPM-CREDENTIAL");
    EXPECT_EQ(code_of(tpm->activate_credential(well_formed, bad)), "TPM-CREDENTIAL");
  }
}

TEST_F(EsysTpmRefusal, SelectionsThatCannotBeQuotedAreRefused) {
  const auto tpm = open(folder("quote"));
  using enum codec::TpmAlgorithm;
  EXPECT_EQ(code_of(tpm->quote({sha256, {}}, {})), "TPM-PCR-SELECTION");
  EXPECT_EQ(code_of(tpm->quote({sha256, {24}}, {})), "TPM-PCR-SELECTION");
  EXPECT_EQ(code_of(tpm->quote({sha256, {1, 1}}, {})), "TPM-PCR-SELECTION");
  EXPECT_EQ(code_of(tpm->quote({sha256, {2, 1}}, {})), "TPM-PCR-SELECTION");
  EXPECT_EQ(code_of(tpm->quote({sha384, {0}}, {})), "TPM-PCR-BANK") << "the bank is not active";
  EXPECT_EQ(code_of(tpm->quote({rsa, {0}}, {})), "TPM-PCR-BANK");
  EXPECT_EQ(code_of(tpm->quote({sha256, {0}}, Bytes(33, 1))), "TPM-QUALIFYING-DATA");
  EXPECT_EQ(code_of(tpm->certify_device_key(Bytes(33, 1))), "TPM-QUALIFYING-DATA");
  EXPECT_EQ(code_of(tpm->extend(24, {})), "TPM-PCR-SELECTION");
  EXPECT_EQ(code_of(tpm->read_register(24)), "TPM-PCR-SELECTION");
}

TEST_F(EsysTpmRefusal, ATpmThatIsOffIsUnreachableUntilItIsOnAgain) {
  const auto tpm = open(folder("power"));
  const auto before = tpm->device_key();
  const auto signer = tpm->device_key_signer();
  ASSERT_TRUE(before && signer);
  ASSERT_EQ(::kill(shared_device->process_id(), SIGKILL), 0);
  EXPECT_EQ(code_of((*signer)->sign_digest({})), "TPM-UNREACHABLE");
  EXPECT_EQ(code_of(tpm->quote({codec::TpmAlgorithm::sha256, {0}}, {})), "TPM-UNREACHABLE");
  EXPECT_EQ(code_of(tpm->extend(0, {})), "TPM-UNREACHABLE");
  EXPECT_EQ(code_of(tpm->read_register(0)), "TPM-UNREACHABLE");
  ASSERT_TRUE(shared_device->restart());
  EXPECT_EQ(code_of((*signer)->sign_digest({})), "accepted");
  EXPECT_EQ(tpm->device_key(), before);
}

// A killed program leaves its objects and sessions in a TPM without a resource manager.
TEST_F(EsysTpmRefusal, WhatAKilledProgramLeftDoesNotBlockTheNextOne) {
  {
    const auto killed = esys::Connection::open(shared_device->tcti());
    ASSERT_TRUE(killed);
    ESYS_CONTEXT* context = killed->context();
    const TPM2B_PUBLIC kind = esys::storage_root_template();
    const TPM2B_SENSITIVE_CREATE none{};
    const TPM2B_DATA no_data{};
    const TPML_PCR_SELECTION no_registers{};
    TPMT_SYM_DEF plain{};
    plain.algorithm = TPM2_ALG_NULL;
    ESYS_TR left = ESYS_TR_NONE;
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(Esys_CreatePrimary(context, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                   ESYS_TR_NONE, &none, &kind, &no_data, &no_registers, &left,
                                   nullptr, nullptr, nullptr, nullptr),
                TSS2_RC_SUCCESS);
      ASSERT_EQ(Esys_StartAuthSession(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                      ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY, &plain,
                                      TPM2_ALG_SHA256, &left),
                TSS2_RC_SUCCESS);
    }
  }
  const auto tpm = open(folder("left"));
  EXPECT_TRUE(tpm->device_key());
  EXPECT_TRUE(tpm->attestation_key());
}

}  // namespace
}  // namespace vedette::platform
