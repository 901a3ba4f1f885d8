#include "attestation/ima/ima_replay.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_samples.h"

namespace vedette::attestation {
namespace {

const std::vector<ImaEntry> kEntries = sample_entries(6);

std::string judged(const ImaReplay& from, ImaList list, std::size_t quoted_after) {
  return code_of(
      advance(from, std::move(list), register_after(kEntries, quoted_after), sample_boot()));
}

ImaReplay after(std::size_t count) {
  return advance({}, part_of(kEntries, 0, count), register_after(kEntries, count), sample_boot())
      .value()
      ->replay;
}

TEST(ImaReplay, RefusesAListWithoutBootAggregate) {
  const std::vector<ImaEntry> entries(kEntries.begin() + 1, kEntries.end());
  EXPECT_EQ(code_of(advance({}, part_of(entries, 0, 3), register_after(entries, 3), sample_boot())),
            "ATT-IMA-BOOT-AGGREGATE");
}

TEST(ImaReplay, RefusesTheBootAggregateOfAnotherBoot) {
  BootRegisters boot = sample_boot();
  boot[codec::TpmAlgorithm::sha256][4][0] ^= 1U;
  EXPECT_EQ(code_of(advance({}, part_of(kEntries, 0, 3), register_after(kEntries, 3), boot)),
            "ATT-IMA-BOOT-AGGREGATE");
}

TEST(ImaReplay, RefusesADeviceThatMeasuredNothing) {
  EXPECT_EQ(judged({}, {}, 0), "ATT-IMA-BOOT-AGGREGATE");
  EXPECT_EQ(judged({}, part_of(kEntries, 0, 3), 0), "ATT-IMA-BOOT-AGGREGATE");
}

TEST(ImaReplay, RefusesAnEmptyListWhenTheRegisterChanged) {
  EXPECT_EQ(judged({}, {}, 2), "ATT-IMA-MISMATCH");
  EXPECT_EQ(judged(after(2), part_of(kEntries, 2, 2), 3), "ATT-IMA-MISMATCH");
}

TEST(ImaReplay, RefusesGapsAndRepetitions) {
  EXPECT_EQ(judged(after(2), part_of(kEntries, 3, 5), 5), "ATT-IMA-GAP");
  EXPECT_EQ(judged(after(2), part_of(kEntries, 1, 5), 5), "ATT-IMA-GAP");
  ImaList list = part_of(kEntries, 2, 5);
  list.entries.erase(list.entries.begin());
  EXPECT_EQ(judged(after(2), list, 5), "ATT-IMA-MISMATCH");
  list = part_of(kEntries, 2, 5);
  list.entries.insert(list.entries.begin(), list.entries.front());
  EXPECT_EQ(judged(after(2), list, 5), "ATT-IMA-MISMATCH");
}

TEST(ImaReplay, RefusesChangedAndReorderedEntries) {
  ImaList list = part_of(kEntries, 0, 5);
  std::swap(list.entries[1], list.entries[2]);
  EXPECT_EQ(judged({}, list, 5), "ATT-IMA-MISMATCH");
  list = part_of(kEntries, 0, 5);
  list.entries[3] = file_entry("/bin/3", sample_digest("harmless"));
  EXPECT_EQ(judged({}, list, 5), "ATT-IMA-MISMATCH");
}

TEST(ImaReplay, RefusesAnEntryThatCallsItselfAViolation) {
  ImaList list = part_of(kEntries, 0, 5);
  list.entries[3] = violation_entry("/bin/3");
  EXPECT_EQ(judged({}, list, 5), "ATT-IMA-MISMATCH");
}

TEST(ImaReplay, RefusesARegisterOfAnotherBank) {
  EXPECT_EQ(
      code_of(advance({}, part_of(kEntries, 0, 5),
                      register_after(kEntries, 5, codec::TpmAlgorithm::sha384), sample_boot())),
      "ATT-IMA-MISMATCH");
  EXPECT_EQ(code_of(advance({}, part_of(kEntries, 0, 5), {}, sample_boot())), "ATT-IMA-MISMATCH");
}

TEST(ImaReplay, BelievesNoEntryAppendedBehindTheQuote) {
  ImaList list = part_of(kEntries, 0, 4);
  list.entries.push_back(file_entry("/bin/fake", sample_digest("fake")));
  const auto advanced = advance({}, std::move(list), register_after(kEntries, 4), sample_boot());
  ASSERT_TRUE(advanced.has_value());
  EXPECT_EQ((*advanced)->entries.size(), 4U);
  EXPECT_EQ((*advanced)->replay, after(4));
}

TEST(ImaReplay, GoesOnFromTheLastEntryBelieved) {
  const auto advanced = advance(after(3), part_of(kEntries, 3, 6), register_after(kEntries, 5), {});
  ASSERT_TRUE(advanced.has_value()) << describe(advanced.error());
  EXPECT_EQ((*advanced)->first_entry, 3U);
  EXPECT_EQ((*advanced)->entries, part_of(kEntries, 3, 5).entries);
  EXPECT_EQ((*advanced)->replay, after(5));
  EXPECT_EQ((*advanced)->replay.boot_aggregate, boot_entry().digest);
}

TEST(ImaReplay, AcceptsAQuoteFromBeforeEveryNewEntry) {
  const auto advanced = advance(after(3), part_of(kEntries, 3, 6), register_after(kEntries, 3), {});
  ASSERT_TRUE(advanced.has_value());
  EXPECT_TRUE((*advanced)->entries.empty());
  EXPECT_EQ((*advanced)->replay, after(3));
}

TEST(ImaReplay, ExtendsAViolationWithOnes) {
  std::vector<ImaEntry> entries = {boot_entry(), violation_entry("/bin/x")};
  EXPECT_EQ(template_digest(entries[1], codec::TpmAlgorithm::sha256), Bytes(32, 0xFF));
  EXPECT_EQ(template_digest(entries[1], codec::TpmAlgorithm::sha384), Bytes(48, 0xFF));
  EXPECT_EQ(believed(entries)->entries.size(), 2U);
}

}  // namespace
}  // namespace vedette::attestation
