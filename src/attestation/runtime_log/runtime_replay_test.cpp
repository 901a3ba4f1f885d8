#include "attestation/runtime_log/runtime_replay.h"

#include <gtest/gtest.h>

#include "attestation/runtime_log/runtime_log_samples.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

const Banks kBoth{TpmAlgorithm::sha256, TpmAlgorithm::sha384};

// The register after the first `count` records of the sample log.
RuntimeReplay after(std::uint64_t count, TpmAlgorithm bank = TpmAlgorithm::sha256) {
  RuntimeReplay replay{.value = crypto::BankDigest(bank)};
  for (; replay.records < count; ++replay.records)
    replay.value = replay.value.extended(
        digest_of(sample_event("model " + std::to_string(replay.records)), bank));
  return replay;
}

TEST(RuntimeReplay, RefusesALogThatDoesNotLeadToTheQuote) {
  const crypto::Sha256Digest foreign = crypto::sha256(as_bytes("something else"));
  EXPECT_EQ(code_of(advance({}, sample_records(0, 3), foreign)), "ATT-RUNTIME-LOG-MISMATCH");
  EXPECT_EQ(code_of(advance({}, sample_records(0, 2), after(3).value)), "ATT-RUNTIME-LOG-MISMATCH");
}

TEST(RuntimeReplay, RefusesNoRecordsWhenTheRegisterChanged) {
  EXPECT_EQ(code_of(advance({}, sample_records(0, 0), after(1).value)), "ATT-RUNTIME-LOG-MISMATCH");
  EXPECT_EQ(code_of(advance(after(2), sample_records(2, 0), after(3).value)),
            "ATT-RUNTIME-LOG-MISMATCH");
}

TEST(RuntimeReplay, RefusesALogThatBeginsElsewhere) {
  EXPECT_EQ(code_of(advance(after(2), sample_records(0, 3), after(3).value)),
            "ATT-RUNTIME-LOG-GAP");
  EXPECT_EQ(code_of(advance(after(2), sample_records(3, 1), after(4).value)),
            "ATT-RUNTIME-LOG-GAP");
}

TEST(RuntimeReplay, RefusesARegisterThatWentBack) {
  EXPECT_EQ(code_of(advance(after(2), sample_records(2, 2), after(1).value)),
            "ATT-RUNTIME-LOG-MISMATCH");
  EXPECT_EQ(code_of(advance(after(2), sample_records(2, 2), {})), "ATT-RUNTIME-LOG-MISMATCH");
}

TEST(RuntimeReplay, RefusesAnEventChangedReorderedOrLeftOut) {
  RuntimeLog log = sample_records(0, 3);
  std::swap(log.records[0], log.records[1]);
  EXPECT_EQ(code_of(advance({}, log, after(3).value)), "ATT-RUNTIME-LOG-MISMATCH");
  log = sample_records(0, 3);
  log.records.erase(log.records.begin() + 1);
  EXPECT_EQ(code_of(advance({}, log, after(3).value)), "ATT-RUNTIME-LOG-MISMATCH");
}

TEST(RuntimeReplay, RefusesRecordsWithoutADigestOfTheQuotedBank) {
  const auto quoted = after(3, TpmAlgorithm::sha384).value;
  EXPECT_EQ(code_of(advance({}, sample_records(0, 3), quoted)), "ATT-RUNTIME-LOG-BANK");
}

TEST(RuntimeReplay, RefusesToGoOnInAnotherBankThanItBegan) {
  const auto quoted = after(5, TpmAlgorithm::sha384).value;
  EXPECT_EQ(code_of(advance(after(3), sample_records(3, 2, kBoth), quoted)), "ATT-RUNTIME-LOG-GAP");
}

TEST(RuntimeReplay, LeadsToTheQuoteOfEitherBank) {
  for (const TpmAlgorithm bank : kBoth) {
    const auto advanced = advance({}, sample_records(0, 3, kBoth), after(3, bank).value);
    ASSERT_TRUE(advanced.has_value()) << describe(advanced.error());
    EXPECT_EQ((*advanced)->replay, after(3, bank));
    EXPECT_EQ(code_of(advance({}, sample_records(0, 2, kBoth), after(3, bank).value)),
              "ATT-RUNTIME-LOG-MISMATCH");
  }
}

TEST(RuntimeReplay, BelievesNothingBehindTheQuote) {
  const auto advanced = advance({}, sample_records(0, 5), after(3).value);
  ASSERT_TRUE(advanced.has_value());
  EXPECT_EQ((*advanced)->replay, after(3));
  ASSERT_EQ((*advanced)->events.size(), 3U);
  EXPECT_EQ((*advanced)->events[2], sample_event("model 2"));
}

TEST(RuntimeReplay, GoesOnFromTheLastRecordBelieved) {
  const auto advanced = advance(after(3), sample_records(3, 2), after(5).value);
  ASSERT_TRUE(advanced.has_value());
  EXPECT_EQ((*advanced)->replay, after(5));
  EXPECT_EQ((*advanced)->events.size(), 2U);
}

TEST(RuntimeReplay, AcceptsAQuoteFromBeforeEveryNewRecord) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{4}}) {
    const auto advanced = advance(after(2), sample_records(2, count), after(2).value);
    ASSERT_TRUE(advanced.has_value());
    EXPECT_EQ((*advanced)->replay, after(2));
    EXPECT_TRUE((*advanced)->events.empty());
  }
}

}  // namespace
}  // namespace vedette::attestation
