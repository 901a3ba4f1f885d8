#include "attestation/runtime_log/runtime_recovery.h"

#include <gtest/gtest.h>

#include "attestation/runtime_log/runtime_log_samples.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;
using crypto::BankDigest;
using Values = std::vector<BankDigest>;

const Banks kBoth{TpmAlgorithm::sha256, TpmAlgorithm::sha384};

BankDigest register_after(std::size_t count, TpmAlgorithm bank = TpmAlgorithm::sha256) {
  BankDigest value(bank);
  for (const RuntimeRecord& record : sample_records(0, count, kBoth).records)
    value = value.extended(*record.digest(bank));
  return value;
}

TEST(RuntimeRecovery, SaysThatAnExtensionCannotBeExplained) {
  const BankDigest foreign = crypto::sha256(as_bytes("foreign"));
  EXPECT_EQ(plan_recovery(sample_log(0, 3), kSamplePcr, {foreign}).state,
            RuntimeLogState::foreign_extension);
  EXPECT_EQ(plan_recovery({}, kSamplePcr, {foreign}).state, RuntimeLogState::foreign_extension);
  // Two records behind cannot come of a crash, and records that the log lost cannot be made up.
  EXPECT_EQ(plan_recovery(sample_log(0, 3), kSamplePcr, {register_after(1)}).state,
            RuntimeLogState::foreign_extension);
  EXPECT_EQ(plan_recovery(sample_log(0, 2), kSamplePcr, {register_after(3)}).state,
            RuntimeLogState::foreign_extension);
}

TEST(RuntimeRecovery, SaysThatALogDamagedBeforeItsEndExplainsNothing) {
  Bytes file = sample_log(0, 3);
  file[80] ^= 1U;
  const auto recovery = plan_recovery(file, kSamplePcr, {register_after(3)});
  EXPECT_EQ(recovery.state, RuntimeLogState::foreign_extension);
  EXPECT_TRUE(recovery.to_extend.empty());
}

TEST(RuntimeRecovery, BeginsAnewWhenTheRegisterIsZero) {
  for (const Bytes& file : {Bytes{}, sample_log(0, 1), sample_log(0, 5), to_bytes("rubbish")}) {
    const auto recovery = plan_recovery(file, kSamplePcr, {BankDigest()});
    EXPECT_EQ(recovery.state, RuntimeLogState::new_boot);
    EXPECT_EQ(recovery.octets_to_keep, 0U);
    EXPECT_EQ(recovery.next_recnum, 0U);
    EXPECT_TRUE(recovery.to_extend.empty());
  }
}

TEST(RuntimeRecovery, GoesOnWhereLogAndRegisterAgree) {
  const Bytes file = sample_log(0, 3);
  const auto recovery = plan_recovery(file, kSamplePcr, {register_after(3)});
  EXPECT_EQ(recovery.state, RuntimeLogState::in_sync);
  EXPECT_EQ(recovery.octets_to_keep, file.size());
  EXPECT_EQ(recovery.next_recnum, 3U);
}

TEST(RuntimeRecovery, ExtendsTheLastRecordWhenTheCrashCameBetween) {
  const auto recovery = plan_recovery(sample_log(0, 3), kSamplePcr, {register_after(2)});
  EXPECT_EQ(recovery.state, RuntimeLogState::last_not_extended);
  EXPECT_EQ(recovery.next_recnum, 3U);
  EXPECT_EQ(recovery.to_extend, Values{digest_of(sample_event("model 2"))});
}

TEST(RuntimeRecovery, CutsATornRecordAtEveryOctetOfIt) {
  const Bytes file = sample_log(0, 3);
  const std::size_t two = sample_log(0, 2).size();
  for (std::size_t size = two; size < file.size(); ++size) {
    const auto recovery =
        plan_recovery(ByteView(file).first(size), kSamplePcr, {register_after(2)});
    EXPECT_EQ(recovery.state, RuntimeLogState::in_sync) << size;
    EXPECT_EQ(recovery.octets_to_keep, two) << size;
    EXPECT_EQ(recovery.next_recnum, 2U) << size;
  }
}

// One command extends both banks: they are never apart by themselves.
TEST(RuntimeRecovery, SaysThatBanksThatAreApartCannotBeExplained) {
  const auto state = [](const Bytes& file, std::size_t in_256, std::size_t in_384) {
    return plan_recovery(file, kSamplePcr,
                         {register_after(in_256), register_after(in_384, TpmAlgorithm::sha384)})
        .state;
  };
  const Bytes file = sample_log(0, 3, kBoth);
  EXPECT_EQ(state(file, 3, 3), RuntimeLogState::in_sync);
  EXPECT_EQ(state(file, 2, 2), RuntimeLogState::last_not_extended);
  EXPECT_EQ(state(file, 0, 0), RuntimeLogState::new_boot);
  for (const auto& [in_256, in_384] : {std::pair{3U, 2U}, {2U, 3U}, {3U, 0U}, {0U, 3U}, {1U, 1U}})
    EXPECT_EQ(state(file, in_256, in_384), RuntimeLogState::foreign_extension) << in_256 << in_384;
}

TEST(RuntimeRecovery, SaysThatABankThatTheLogDoesNotSpeakOfMustBeZero) {
  const Bytes file = sample_log(0, 3);
  const Values untouched{register_after(3), BankDigest(TpmAlgorithm::sha384)};
  EXPECT_EQ(plan_recovery(file, kSamplePcr, untouched).state, RuntimeLogState::in_sync);
  const Values extended{register_after(3), register_after(3, TpmAlgorithm::sha384)};
  EXPECT_EQ(plan_recovery(file, kSamplePcr, extended).state, RuntimeLogState::foreign_extension);
}

TEST(RuntimeRecovery, SaysThatALogOfABankThatIsNotKeptExplainsNothing) {
  EXPECT_EQ(plan_recovery(sample_log(0, 3, kBoth), kSamplePcr, {register_after(3)}).state,
            RuntimeLogState::foreign_extension);
}

TEST(RuntimeRecovery, SaysThatRecordsOfSeveralBanksExplainNothing) {
  Bytes file = sample_log(0, 1, kBoth);
  append(file, sample_log(1, 2));
  EXPECT_EQ(plan_recovery(file, kSamplePcr, {register_after(3)}).state,
            RuntimeLogState::foreign_extension);
  EXPECT_EQ(
      plan_recovery(file, kSamplePcr, {register_after(3), register_after(1, TpmAlgorithm::sha384)})
          .state,
      RuntimeLogState::foreign_extension);
}

TEST(RuntimeRecovery, ExtendsTheLastRecordInBothBanks) {
  const auto recovery = plan_recovery(sample_log(0, 3, kBoth), kSamplePcr,
                                      {register_after(2), register_after(2, TpmAlgorithm::sha384)});
  EXPECT_EQ(recovery.to_extend, digests_of(sample_event("model 2"), kBoth));
}

}  // namespace
}  // namespace vedette::attestation
