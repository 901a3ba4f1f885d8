// What a repository on this machine lists, as whoever keeps it asks.
#include "release/tuf/listed_release.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/tuf_scene.h"

namespace vedette::release::tuf {
namespace {

using std::chrono::hours;

class TufOwnListing : public ::testing::Test {
 protected:
  std::string check(std::uint64_t release, std::string_view statement = "statement") {
    const auto listed = listing_.check(*ModelName::parse("voice"), release, statement);
    return listed ? "" : listed.error().code;
  }

  FakeClock clock_;
  testing::TufScene scene_{clock_};
  OwnListing listing_{scene_.path()};
};

TEST_F(TufOwnListing, FollowsWhatIsListedAndTakenBack) {
  EXPECT_EQ(check(4), "REL-UNLISTED");
  scene_.list("voice/4.json", "statement");
  EXPECT_EQ(check(4), "");
  EXPECT_EQ(check(4, "Statement"), "REL-LISTED-OTHER");
  EXPECT_EQ(check(5), "REL-UNLISTED");
  scene_.take_back("voice/4.json");
  EXPECT_EQ(check(4), "REL-UNLISTED");
}

TEST_F(TufOwnListing, WhatIsStagedIsNotListedYet) {
  scene_.stage_unsigned("voice/4.json");
  EXPECT_EQ(check(4), "REL-UNLISTED");
}

// Clients that follow it refuse it then; what was taken back is given to nobody else either.
TEST_F(TufOwnListing, SaysTheSameWhenItHasExpired) {
  scene_.list("voice/4.json", "statement");
  clock_.advance(hours(24 * 4000));
  EXPECT_EQ(check(4), "");
  EXPECT_EQ(check(5), "REL-UNLISTED");
}

TEST_F(TufOwnListing, FollowsARotation) {
  scene_.list("voice/4.json", "statement");
  ASSERT_EQ(check(4), "");
  scene_.rotate_online_key();
  scene_.list("voice/5.json", "statement");
  EXPECT_EQ(check(5), "");
  std::filesystem::remove(scene_.file("1.root.json"));  // its author keeps the last one only
  EXPECT_TRUE(OwnListing(scene_.path()).check(*ModelName::parse("voice"), 5, "statement"));
}

TEST_F(TufOwnListing, RefusesWhatDoesNotVerifyAndGoesOnOnceItDoes) {
  scene_.list("voice/4.json", "statement");
  const Bytes whole = scene_.metadata("timestamp.json");
  Bytes forged = whole;
  forged.back() = ' ';
  scene_.overwrite("timestamp.json", forged);
  EXPECT_EQ(check(4), "TUF-SYNTAX");
  scene_.overwrite("timestamp.json", whole);
  EXPECT_EQ(check(4), "");
}

TEST_F(TufOwnListing, SaysThatNothingIsPublishedYet) {
  OwnListing to_come(scene_.path() + "/to-come");
  EXPECT_EQ(to_come.check(*ModelName::parse("voice"), 4, "statement").error().code, "TUF-NOTHING");
}

// Who could take its timestamp away, or its whole folder, would else take back what was taken back.
TEST_F(TufOwnListing, WhatIsMissingOfItIsNotTakenForNothingPublished) {
  OwnListing anew(scene_.path());
  scene_.list("voice/4.json", "statement");
  EXPECT_EQ(check(4), "");
  std::filesystem::remove(scene_.file("timestamp.json"));
  EXPECT_EQ(check(4), "TUF-INCOMPLETE");
  EXPECT_EQ(anew.check(*ModelName::parse("voice"), 4, "statement").error().code, "TUF-INCOMPLETE");
  std::filesystem::remove_all(scene_.path());
  EXPECT_EQ(check(4), "TUF-INCOMPLETE");
}

}  // namespace
}  // namespace vedette::release::tuf
