#include "attestation/ima/boot_aggregate.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_samples.h"

namespace vedette::attestation {
namespace {

constexpr auto kRefusal = "ATT-IMA-BOOT-AGGREGATE";

TEST(BootAggregate, RefusesAnotherFirstEntry) {
  EXPECT_EQ(code_of(check_boot_aggregate(file_entry("/init", boot_entry().digest), sample_boot())),
            kRefusal);
  EXPECT_EQ(code_of(check_boot_aggregate(violation_entry(kBootAggregate), sample_boot())),
            kRefusal);
}

TEST(BootAggregate, RefusesTheZerosOfAKernelWithoutATpm) {
  const FileDigest none{.algorithm = codec::TpmAlgorithm::sha256, .octets = Bytes(32)};
  EXPECT_EQ(code_of(check_boot_aggregate(file_entry(kBootAggregate, none), sample_boot())),
            kRefusal);
}

TEST(BootAggregate, RefusesAnyOtherRegisterValue) {
  for (std::uint8_t pcr = 0; pcr < 10; ++pcr) {
    BootRegisters boot = sample_boot();
    boot[codec::TpmAlgorithm::sha256][pcr][0] ^= 1U;
    EXPECT_EQ(code_of(check_boot_aggregate(boot_entry(), boot)), kRefusal) << unsigned{pcr};
  }
}

TEST(BootAggregate, RefusesRegistersThatAreNotAtHand) {
  EXPECT_EQ(code_of(check_boot_aggregate(boot_entry(), {})), kRefusal);
  BootRegisters boot = sample_boot();
  boot[codec::TpmAlgorithm::sha256].erase(9);
  EXPECT_EQ(code_of(check_boot_aggregate(boot_entry(), boot)), kRefusal);
  boot = sample_boot();
  boot.erase(codec::TpmAlgorithm::sha256);
  EXPECT_EQ(code_of(check_boot_aggregate(boot_entry(), boot)), kRefusal);
  boot = sample_boot();
  boot[codec::TpmAlgorithm::sha256][3].pop_back();
  EXPECT_EQ(code_of(check_boot_aggregate(boot_entry(), boot)), kRefusal);
}

TEST(BootAggregate, AcceptsTheDigestOfTheRegistersOfItsBank) {
  EXPECT_EQ(code_of(check_boot_aggregate(boot_entry(), sample_boot())), "accepted");
  EXPECT_EQ(code_of(check_boot_aggregate(boot_entry(codec::TpmAlgorithm::sha1), sample_boot())),
            "accepted");
}

}  // namespace
}  // namespace vedette::attestation
