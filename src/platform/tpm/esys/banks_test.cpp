// Registers of a TPM that keeps several banks, or not those that are believed.
#include <gtest/gtest.h>

#include "platform/tpm/esys/esys_tpm.h"
#include "testing/software_tpm.h"

namespace vedette::platform {
namespace {

using codec::TpmAlgorithm;
using crypto::BankDigest;

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "accepted" : result.error().code;
}

class EsysBanks : public ::testing::Test {
 protected:
  void SetUp() override { VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM(); }

  void power_on(const std::string& banks) {
    tpm_.reset();
    auto device = testing::SoftwareTpm::start("device-1", banks);
    ASSERT_TRUE(device) << describe(device.error());
    device_ = std::move(*device);
    auto tpm = open_esys_tpm({device_->tcti(), device_->state_folder()});
    ASSERT_TRUE(tpm) << describe(tpm.error());
    tpm_ = std::move(*tpm);
  }

  std::unique_ptr<testing::SoftwareTpm> device_;
  std::unique_ptr<Tpm> tpm_;
};

TEST_F(EsysBanks, ATpmThatKeepsSha1AloneIsRefused) {
  power_on("sha1");
  EXPECT_EQ(code_of(tpm_->read_register(14)), "TPM-PCR-BANK");
  for (const TpmAlgorithm bank : crypto::kBanks)
    EXPECT_EQ(code_of(tpm_->quote({bank, {0}}, {})), "TPM-PCR-BANK");
}

TEST_F(EsysBanks, MoreDigestsThanBanksAreRefused) {
  power_on("sha256,sha384");
  EXPECT_EQ(code_of(tpm_->extend(14, std::vector<BankDigest>(3))), "TPM-PCR-BANK");
  EXPECT_TRUE(tpm_->read_register(14)->front().is_zero());
}

TEST_F(EsysBanks, AnExtensionReachesTheBanksThatItNames) {
  power_on("sha256,sha384");
  const BankDigest zero_256(TpmAlgorithm::sha256);
  const BankDigest zero_384(TpmAlgorithm::sha384);
  const auto in_256 = BankDigest::of(TpmAlgorithm::sha256, as_bytes("measured"));
  const auto in_384 = BankDigest::of(TpmAlgorithm::sha384, as_bytes("measured"));
  ASSERT_TRUE(tpm_->extend(14, {in_256, in_384}));
  EXPECT_EQ(tpm_->read_register(14).value(),
            (std::vector{zero_256.extended(in_256), zero_384.extended(in_384)}));
  ASSERT_TRUE(tpm_->extend(15, {in_384}));
  EXPECT_EQ(tpm_->read_register(15).value(), (std::vector{zero_256, zero_384.extended(in_384)}));
}

TEST_F(EsysBanks, EachBankIsQuotedByItself) {
  power_on("sha256,sha384");
  const auto in_384 = BankDigest::of(TpmAlgorithm::sha384, as_bytes("measured"));
  ASSERT_TRUE(tpm_->extend(4, {in_384}));
  // More registers than one TPM2_PCR_Read returns.
  const codec::TpmPcrSelection all{TpmAlgorithm::sha384, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13}};
  const auto quote = tpm_->quote(all, Bytes(32, 1));
  ASSERT_TRUE(quote) << describe(quote.error());
  ASSERT_EQ(quote->pcr_values.size(), all.registers.size());
  EXPECT_EQ(BankDigest::from(TpmAlgorithm::sha384, quote->pcr_values[4]),
            BankDigest(TpmAlgorithm::sha384).extended(in_384));
  const auto info =
      std::get<codec::TpmQuoteInfo>(codec::parse_tpms_attest(quote->attest).value().info);
  EXPECT_EQ(info.selections, std::vector{all});
  EXPECT_EQ(tpm_->quote({TpmAlgorithm::sha256, {4}}, {})->pcr_values,
            std::vector<Bytes>{Bytes(32)});
}

TEST_F(EsysBanks, ATpmThatKeepsSha384AloneIsReadInIt) {
  power_on("sha384");
  EXPECT_EQ(tpm_->read_register(14).value(), std::vector{BankDigest(TpmAlgorithm::sha384)});
  EXPECT_EQ(code_of(tpm_->quote({TpmAlgorithm::sha256, {0}}, {})), "TPM-PCR-BANK");
}

}  // namespace
}  // namespace vedette::platform
