// The agent's measurements in a register of a TPM emulator.
#include <gtest/gtest.h>

#include "agent/runtime_measurements.h"
#include "attestation/runtime_log/runtime_log.h"
#include "attestation/runtime_log/runtime_replay.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/software_tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

constexpr std::uint8_t kPcr = 13;

attestation::RuntimeEvent event(const std::string& name) {
  return {.kind = attestation::RuntimeEventKind::model_release,
          .name = name,
          .digest = crypto::sha256(as_bytes(name)),
          .powers = {"threads 4"}};
}

class MeasurementsInTpm : public ::testing::Test {
 protected:
  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    auto emulator = testing::SoftwareTpm::start("device-1", "sha256,sha384");
    ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
    emulator_ = *std::move(emulator);
    connect();
  }
  void connect() {
    tpm_.reset();
    auto tpm = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder()});
    ASSERT_TRUE(tpm.has_value()) << describe(tpm.error());
    tpm_ = *std::move(tpm);
  }
  std::unique_ptr<RuntimeMeasurements> open() {
    return RuntimeMeasurements::open(folder_.path(), kPcr, *tpm_).value();
  }
  // By what a quote says.
  std::string replay(const RuntimeMeasurements& log,
                     codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256) {
    const auto parsed = attestation::parse_runtime_log(log.records_from(0).value(), 0, kPcr);
    const auto quote = tpm_->quote({bank, {kPcr}}, {}).value();
    const auto quoted = crypto::BankDigest::from(bank, quote.pcr_values.at(0)).value();
    const auto advanced = attestation::advance({}, parsed.value(), quoted);
    return advanced ? std::to_string((*advanced)->events.size()) : advanced.error().code;
  }

  std::unique_ptr<testing::SoftwareTpm> emulator_;
  std::unique_ptr<platform::Tpm> tpm_;
  TemporaryFolder folder_;
};

TEST_F(MeasurementsInTpm, RefuseAfterAForeignExtensionUntilTheNextBoot) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a")));
  ASSERT_TRUE(tpm_->extend(kPcr, {crypto::sha256(as_bytes("stranger"))}));
  EXPECT_EQ(log->measure(event("b")).error().code, "AGT-RUNTIME-LOG");
  EXPECT_EQ(replay(*log), "ATT-RUNTIME-LOG-MISMATCH");
  EXPECT_EQ(replay(*log, codec::TpmAlgorithm::sha384), "1") << "the stranger extended one bank";
  log.reset();
  tpm_.reset();
  ASSERT_TRUE(emulator_->restart());
  connect();
  log = open();
  ASSERT_TRUE(log->measure(event("b")));
  EXPECT_EQ(replay(*log), "1");
}

TEST_F(MeasurementsInTpm, LeadToTheQuotedRegister) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a")));
  ASSERT_TRUE(log->measure(event("b")));
  EXPECT_EQ(replay(*log), "2");
  log = open();
  ASSERT_TRUE(log->measure(event("a")));
  ASSERT_TRUE(log->measure(event("c")));
  EXPECT_EQ(replay(*log), "3");
  EXPECT_EQ(replay(*log, codec::TpmAlgorithm::sha384), "3") << "in either bank";
}

}  // namespace
}  // namespace vedette::agent
