#include "server/signing_keys.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::server {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
namespace fs = std::filesystem;

struct SigningKeysTest : testing::Test {
  std::unique_ptr<SigningKeys> open(TimePoint when) const {
    auto custody = KeyCustody::open({.insecure_unencrypted = true}, nullptr);
    return SigningKeys::open(folder.path(), *std::move(custody), identity::KeyTerms{}, when)
        .value();
  }
  [[nodiscard]] std::size_t files() const { return signing_key_files(folder.path())->size(); }

  const TemporaryFolder folder;
  const TimePoint start = from_unix_seconds(1'900'000'000);
};

TEST_F(SigningKeysTest, DoesNotBelieveAStaleKey) {
  const auto keys = open(start);
  const std::string first = keys->signer(start).id;
  ASSERT_TRUE(keys->tend(start + hours(23)));
  const TimePoint turn = start + hours(24);
  EXPECT_TRUE(keys->find(first, turn + minutes(60)).has_value()) << "kept for what it signed";
  EXPECT_FALSE(keys->find(first, turn + minutes(61)).has_value()) << "before its file is removed";
  ASSERT_TRUE(keys->tend(turn + minutes(61)));
  EXPECT_EQ(files(), 1U);
  EXPECT_FALSE(keys->find(first, turn).has_value()) << "it is gone";
  EXPECT_FALSE(keys->find("", start).has_value());
}

TEST_F(SigningKeysTest, PublishesTheNextOneBeforeItSigns) {
  const auto keys = open(start);
  const std::string first = keys->signer(start).id;
  EXPECT_EQ(keys->published(start).size(), 1U);
  ASSERT_TRUE(keys->tend(start + hours(23)));
  EXPECT_EQ(keys->signer(start + hours(23)).id, first);
  const auto set = keys->published(start + hours(23));
  ASSERT_EQ(set.size(), 2U);
  EXPECT_EQ(set.front().expires_at, start + hours(24) + minutes(61)) << "its end is known by now";
  EXPECT_FALSE(set.back().expires_at.has_value());
  EXPECT_EQ(keys->signer(start + hours(24)).id, set.back().key_id);
  EXPECT_NE(set.back().key_id, first);
}

TEST_F(SigningKeysTest, WhatAKilledWriterLeftIsRemovedAtTheNextStart) {
  const std::string first = open(start)->signer(start).id;
  const fs::path key = signing_key_files(folder.path())->front();
  const fs::path half = key.parent_path() / ("." + key.filename().string() + ".aB3xYz");
  std::ofstream(half) << "half";
  EXPECT_EQ(open(start)->signer(start).id, first);
  EXPECT_FALSE(fs::exists(half));
}

// What the folder holds is all there is: it does not matter when the server was killed.
TEST_F(SigningKeysTest, GoesOnAfterARestartAtEveryPoint) {
  std::string signs;
  for (int hour = 0; hour < 120; ++hour) {
    const TimePoint now = start + hours(hour);
    const auto before = open(now);
    const auto after = open(now);
    EXPECT_EQ(before->signer(now).id, after->signer(now).id);
    if (!signs.empty() && signs != after->signer(now).id) {
      EXPECT_TRUE(after->find(signs, now).has_value()) << "the former one is kept, hour " << hour;
    }
    signs = after->signer(now).id;
    EXPECT_LE(files(), 3U);
  }
}

TEST_F(SigningKeysTest, PassesOverWhatAKilledWriterLeft) {
  const auto before = open(start)->signer(start).id;
  std::ofstream(folder / "signing/1900000000.key.Ab12Cd") << "half a key";
  std::ofstream(folder / "signing/01900000000.key") << "no name that we give";
  EXPECT_EQ(open(start)->signer(start).id, before);
}

TEST_F(SigningKeysTest, DoesNotStartWithAKeyThatItCannotRead) {
  (void)open(start);
  std::ofstream(folder / "signing/1900000000.key") << "damaged";
  auto custody = KeyCustody::open({.insecure_unencrypted = true}, nullptr);
  EXPECT_FALSE(SigningKeys::open(folder.path(), *std::move(custody), identity::KeyTerms{}, start));
}

TEST_F(SigningKeysTest, GoesOnWithThePresentKeyWhereTheNextCannotBeWritten) {
  const auto keys = open(start);
  const std::string first = keys->signer(start).id;
  fs::remove_all(folder / "signing");
  std::ofstream(folder / "signing") << "no folder";
  EXPECT_FALSE(keys->tend(start + hours(30)));
  EXPECT_EQ(keys->signer(start + hours(30)).id, first);
  EXPECT_TRUE(keys->find(first, start + hours(30)).has_value());
}

TEST_F(SigningKeysTest, SurvivesAClockThatWasTenYearsAhead) {
  const std::string first = open(start)->signer(start).id;
  const TimePoint wrong = start + hours(87'600);
  ASSERT_TRUE(open(wrong));
  EXPECT_EQ(files(), 2U) << "a next one, for that time";
  const auto keys = open(start + hours(1));
  EXPECT_EQ(keys->signer(start + hours(1)).id, first);
  EXPECT_EQ(files(), 1U) << "what the wrong clock made is removed";
  ASSERT_TRUE(keys->tend(start + hours(23)));
  EXPECT_EQ(keys->published(start + hours(23)).size(), 2U) << "and the turn comes as ever";
}

TEST_F(SigningKeysTest, TakesTheKeyOfBeforeAsTheFirst) {
  const auto old = crypto::PrivateKey::generate_p256();
  ASSERT_TRUE(write_insecure_unencrypted_key(folder / "verifier.key", old));
  const auto keys = open(start);
  EXPECT_TRUE(keys->signer(start).key.public_key() == old.public_key());
  EXPECT_FALSE(fs::exists(folder / "verifier.key"));
  EXPECT_EQ(keys->published(start).size(), 2U) << "it has signed for longer than a key does";
}

}  // namespace
}  // namespace vedette::server
