#include "agent/violation_store.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "testing/fake_clock.h"
#include "testing/temporary_folder.h"
#include "testing/violation_scene.h"

namespace vedette::agent {
namespace {

using testing::forbidden_socket;
using testing::missed_deadline;

constexpr Epoch kEpoch{3};

class ViolationStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<ViolationStore> open() {
    auto store = ViolationStore::load(folder_.path(), clock_.now());
    EXPECT_TRUE(store.has_value()) << describe(store.error());
    return store ? *std::move(store) : nullptr;
  }
  std::string load_code() {
    const auto store = ViolationStore::load(folder_.path(), clock_.now());
    return store ? "" : store.error().code;
  }
  std::string content() { return std::string(as_text(*read_file(path_, 1U << 21U))); }
  void put(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }
  static void take(ViolationStore& store, std::uint64_t sequence) {
    ASSERT_TRUE(store.seal(sequence, "a.b.c").has_value());
    ASSERT_TRUE(store.settle({sequence}, {}).has_value());
  }

  TemporaryFolder folder_;
  FakeClock clock_;
  std::string path_ = folder_ / "violations.json";
};

TEST_F(ViolationStoreTest, ADamagedRecordIsRefusedAndNeverTakenForNone) {
  {
    const auto store = open();
    ASSERT_TRUE(store->add(forbidden_socket(), kEpoch).has_value());
  }
  const std::string whole = content();
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    put(whole.substr(0, length));
    EXPECT_EQ(load_code(), "AGT-VIOLATIONS") << length;
  }
  for (std::size_t at = 0; at < whole.size(); at += 11) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    put(flipped);
    EXPECT_EQ(load_code(), "AGT-VIOLATIONS") << at;
  }
  put(whole);
  EXPECT_EQ(load_code(), "");
}

TEST_F(ViolationStoreTest, ARecordThatCannotBeReadIsNotTakenForNone) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(load_code(), "AGT-VIOLATIONS");
}

TEST_F(ViolationStoreTest, RefusesWhatItCouldNotReadAgain) {
  const auto store = open();
  ledger::Violation bad = forbidden_socket();
  bad.release = 0;
  EXPECT_EQ(store->add(bad, kEpoch).error().code, "VIOLATION-CLAIMS");
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ViolationStoreTest, WhenTheDiskRefusesNothingIsAcknowledgedAndNothingChanges) {
  const auto store = open();
  ASSERT_TRUE(store->add(forbidden_socket(1), kEpoch).has_value());
  std::filesystem::rename(folder_.path(), folder_.path() + ".gone");
  EXPECT_EQ(store->add(forbidden_socket(2), kEpoch).error().code, "FILE-CREATE");
  EXPECT_EQ(store->counts().waiting(), 1U);
  std::filesystem::rename(folder_.path() + ".gone", folder_.path());
  EXPECT_TRUE(store->add(forbidden_socket(2), kEpoch).has_value());
  EXPECT_EQ(store->counts().waiting(), 2U);
}

TEST_F(ViolationStoreTest, WhenFullItRefusesInsteadOfDroppingWhatTheServerDoesNotHave) {
  const auto store = open();
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < ViolationStore::kMostOfTheRest; ++i) {
    const auto added = store->add(missed_deadline(), kEpoch);
    ASSERT_TRUE(added.has_value());
    if (first == 0) first = *added;
  }
  EXPECT_EQ(store->add(missed_deadline(), kEpoch).error().code, "AGT-VIOLATIONS-FULL");
  for (std::size_t i = ViolationStore::kMostOfTheRest; i < ViolationStore::kMost; ++i)
    ASSERT_TRUE(store->add(forbidden_socket(), kEpoch).has_value());
  EXPECT_EQ(store->add(forbidden_socket(), kEpoch).error().code, "AGT-VIOLATIONS-FULL");
  EXPECT_EQ(store->counts().recorded, ViolationStore::kMost);

  take(*store, first + 1);
  EXPECT_TRUE(store->add(forbidden_socket(), kEpoch).has_value());
  const auto waiting = store->oldest(ViolationState::recorded, ViolationStore::kMost);
  EXPECT_EQ(waiting.size(), ViolationStore::kMost);
  EXPECT_EQ(waiting[0].sequence, first);
  EXPECT_EQ(waiting[1].sequence, first + 2);
}

TEST_F(ViolationStoreTest, TheLargestViolationFitsAsOftenAsThereIsRoomAndReadsAgain) {
  const auto store = open();
  ledger::Violation large = missed_deadline();
  large.kind = ledger::ViolationKind::malformed_reply;
  large.model = *ModelName::parse(std::string(63, 'm'));
  large.detail.assign(ledger::kMaxViolationDetail, '"');
  large.contract_sha256.emplace().fill(1);
  large.worker_sha256.emplace().fill(2);
  const auto key = crypto::PrivateKey::generate_p256();
  const auto jws = ledger::sign_violation({.device = *DeviceId::parse(std::string(63, 'd')),
                                           .epoch = kEpoch,
                                           .sequence = 1,
                                           .event = large},
                                          key);
  ASSERT_TRUE(jws.has_value());
  const auto added = store->add(large, kEpoch);
  ASSERT_TRUE(added.has_value()) << describe(added.error());
  ASSERT_TRUE(store->seal(*added, *jws).has_value());
  EXPECT_LT(content().size() * ViolationStore::kMost, std::size_t{1} << 20U);
  EXPECT_EQ(open()->oldest(ViolationState::sealed, 1).front().event, large);
}

TEST_F(ViolationStoreTest, EverythingSurvivesARestartAndNumbersGoOnRising) {
  std::uint64_t first = 0;
  {
    const auto store = open();
    first = *store->add(forbidden_socket(1), kEpoch);
    EXPECT_EQ(*store->add(forbidden_socket(2), kEpoch), first + 1);
    ASSERT_TRUE(store->seal(first, "a.b.c").has_value());
  }
  const auto store = open();
  const auto sealed = store->oldest(ViolationState::sealed, 9);
  ASSERT_EQ(sealed.size(), 1U);
  EXPECT_EQ(sealed[0].sequence, first);
  EXPECT_EQ(sealed[0].epoch, kEpoch);
  EXPECT_EQ(sealed[0].jws, "a.b.c");
  EXPECT_EQ(sealed[0].event, forbidden_socket(1));
  EXPECT_EQ(store->oldest(ViolationState::recorded, 9).size(), 1U);
  EXPECT_EQ(*store->add(forbidden_socket(3), kEpoch), first + 2);
}

TEST_F(ViolationStoreTest, ANewDiskUsesNoNumberTwice) {
  const std::uint64_t before = *open()->add(forbidden_socket(), kEpoch);
  std::filesystem::remove(path_);
  clock_.advance(std::chrono::seconds(60));
  EXPECT_GT(*open()->add(forbidden_socket(), kEpoch), before);
}

TEST_F(ViolationStoreTest, WhatIsDecidedOnceStaysDecided) {
  const auto store = open();
  const std::uint64_t first = *store->add(forbidden_socket(), kEpoch);
  const std::uint64_t second = *store->add(forbidden_socket(), kEpoch);
  ASSERT_TRUE(store->settle({second}, {}).has_value());  // not signed: it cannot have been sent
  EXPECT_EQ(store->counts().recorded, 2U);
  ASSERT_TRUE(store->seal(first, "a.b.c").has_value());
  ASSERT_TRUE(store->seal(first, "d.e.f").has_value());
  EXPECT_EQ(store->oldest(ViolationState::sealed, 1).front().jws, "a.b.c");
  ASSERT_TRUE(store->settle({}, {first}).has_value());
  ASSERT_TRUE(store->settle({first}, {}).has_value());
  EXPECT_EQ(open()->counts().refused, 1U);
}

TEST_F(ViolationStoreTest, WhatAKilledWriterLeftIsRemoved) {
  (void)open()->add(forbidden_socket(), kEpoch);
  std::ofstream(folder_ / ".violations.json.aB3xYz") << "half";
  std::ofstream(path_ + ".backup") << "whole";
  EXPECT_EQ(open()->counts().recorded, 1U);
  EXPECT_FALSE(std::filesystem::exists(folder_ / ".violations.json.aB3xYz"));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".backup"));
}

}  // namespace
}  // namespace vedette::agent
