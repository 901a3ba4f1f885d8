#include "ledger/log.h"

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "ledger/merkle.h"
#include "testing/memory_log_store.h"

namespace vedette::ledger {
namespace {

using vedette::testing::MemoryLogStore;

Log make_log(const std::string& origin = "vedette.example/log") {
  return Log(*NoteSigner::create(origin, crypto::PrivateKey::generate_ed25519()));
}

Entry entry(const std::string& subject = "drone-07") {
  return {.time = from_unix_seconds(1'795'438'387),
          .kind = "attest",
          .subject = subject,
          .actor = "drone-07",
          .decision = Decision::refused,
          .code = "ATT-PCR-MISMATCH",
          .rule = "reference:group-a",
          .details = codec::Json::Object{{"pcr", 10}}};
}

class LogTest : public ::testing::Test {
 protected:
  void record(MemoryLogStore& store, int count, const std::string& subject = "drone-07") {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(log_.record(store, entry(subject)));
  }

  std::string seal_code(MemoryLogStore& store,
                        std::optional<std::string_view> seen_elsewhere = {}) {
    const auto sealed = log_.seal(store, seen_elsewhere);
    return sealed ? "sealed" : sealed.error().code;
  }

  Log log_ = make_log();
};

TEST_F(LogTest, RefusesToSealAStoreThatIsShorterThanItsCheckpoint) {
  MemoryLogStore newer;
  record(newer, 5);
  const std::string sealed = *log_.seal(newer);
  MemoryLogStore restored;
  record(restored, 4);
  EXPECT_EQ(seal_code(restored, sealed), "LOG-ROLLBACK");
  ASSERT_TRUE(restored.save_checkpoint(sealed));
  EXPECT_EQ(seal_code(restored), "LOG-ROLLBACK");
}

TEST_F(LogTest, RefusesToSealAnotherPastOfTheSameLength) {
  MemoryLogStore store;
  record(store, 5);
  const std::string sealed = *log_.seal(store);
  MemoryLogStore forked;
  record(forked, 5, "drone-08");
  EXPECT_EQ(seal_code(forked, sealed), "LOG-FORK");
  record(forked, 7, "drone-08");
  EXPECT_EQ(seal_code(forked, sealed), "LOG-FORK");
  EXPECT_FALSE(forked.checkpoint()->has_value()) << "nothing may be saved";
}

TEST_F(LogTest, RefusesACheckpointThatAnotherLogSigned) {
  MemoryLogStore store;
  record(store, 2);
  ASSERT_TRUE(make_log().seal(store)) << "the same name, another key";
  EXPECT_EQ(seal_code(store), "LOG-CHECKPOINT");
  ASSERT_TRUE(store.save_checkpoint("garbage"));
  EXPECT_EQ(seal_code(store), "LOG-CHECKPOINT");
}

TEST_F(LogTest, RefusesAnEntryThatIsTooLongEvenWithoutDetails) {
  MemoryLogStore store;
  const auto recorded = log_.record(store, entry(std::string(70'000, 'x')));
  ASSERT_FALSE(recorded);
  EXPECT_EQ(recorded.error().code, "LOG-ENTRY-SIZE");
  EXPECT_EQ(*store.size(), 0U);
}

TEST_F(LogTest, KeepsADecisionWhoseDetailsAreTooLong) {
  MemoryLogStore store;
  Entry wordy = entry();
  wordy.details = std::string(70'000, 'x');
  ASSERT_EQ(log_.record(store, wordy), 0U);
  const auto json = codec::parse_json(as_text(*store.entry(0)));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->string("code"), "ATT-PCR-MISMATCH");
  EXPECT_EQ((*json->object("details"))->string("sha256"),
            to_hex(crypto::sha256(as_bytes("\"" + std::string(70'000, 'x') + "\""))));
}

TEST_F(LogTest, WritesEntriesThatAnyoneCanRead) {
  EXPECT_EQ(to_json_text(entry()),
            R"({"time":"2026-11-23T12:53:07Z","kind":"attest","subject":"drone-07",)"
            R"("actor":"drone-07","verdict":"refused","code":"ATT-PCR-MISMATCH",)"
            R"("rule":"reference:group-a","details":{"pcr":10}})");
}

TEST_F(LogTest, KeepsHostileOctetsInsideTheirMember) {
  const auto json = codec::parse_json(to_json_text(entry("a\",\"verdict\":\"accepted\xFF\n")));
  ASSERT_TRUE(json) << describe(json.error());
  EXPECT_EQ(json->string("verdict"), "refused");
}

TEST_F(LogTest, SealsAnEmptyLog) {
  MemoryLogStore store;
  const auto sealed = log_.seal(store);
  ASSERT_TRUE(sealed);
  const auto verifier = NoteVerifier::parse(log_.vkey());
  const auto checkpoint = verify_checkpoint(*sealed, *verifier);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ((*checkpoint)->size, 0U);
  EXPECT_EQ((*checkpoint)->root, empty_root());
}

TEST_F(LogTest, SealsWhatContinuesTheLastCheckpoint) {
  MemoryLogStore store;
  record(store, 3);
  const std::string first = *log_.seal(store);
  EXPECT_EQ(log_.seal(store), first) << "nothing new, nothing signed";
  record(store, 4);
  const auto second = log_.seal(store, first);
  ASSERT_TRUE(second) << describe(second.error());
  const auto verifier = *NoteVerifier::parse(log_.vkey());
  const auto old_one = *verify_checkpoint(first, verifier);
  const auto new_one = *verify_checkpoint(*second, verifier);
  EXPECT_EQ(new_one->size, 7U);
  EXPECT_TRUE(
      verify_consistency(3, 7, *consistency_proof(store, 3, 7), old_one->root, new_one->root));
  EXPECT_EQ(*store.checkpoint(), *second);
}

}  // namespace
}  // namespace vedette::ledger
