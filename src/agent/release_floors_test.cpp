#include "agent/release_floors.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include <gtest/gtest.h>

#include "agent/state_file.h"
#include "base/fd.h"
#include "testing/register_tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;

const ModelName kVoice = *ModelName::parse("voice");
const ModelName kGauge = *ModelName::parse("gauge");
constexpr std::size_t kMaxSecret = 64;
constexpr std::size_t kMaxRecord = 1024;

class ReleaseFloorsTest : public ::testing::Test {
 protected:
  Result<ReleaseFloors> load() { return ReleaseFloors::load(folder_.path(), tpm_); }
  std::string code() {
    const auto floors = load();
    return floors ? "" : floors.error().code;
  }
  std::string accept(std::uint64_t release, std::uint64_t never_below) {
    auto floors = load();
    if (!floors) return floors.error().code;
    const auto done = floors->accept(kVoice, release, never_below);
    return done ? "" : done.error().code;
  }
  std::string step_back(std::uint64_t blocked) {
    auto floors = load();
    if (!floors) return floors.error().code;
    const auto done = floors->step_back(kVoice, blocked);
    return done ? "" : done.error().code;
  }
  ReleaseFloor voice() { return load().value().floor(kVoice); }

  [[nodiscard]] std::string record() const { return folder_ / "floors.json"; }
  void copy_state(const std::string& to) const {
    fs::remove_all(to);
    fs::copy(folder_.path(), to);
  }
  void restore_state(const std::string& from) const {
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      fs::remove(entry.path());
    fs::copy(from, folder_.path());
  }

  TemporaryFolder folder_;
  TemporaryFolder elsewhere_;
  testing::RegisterTpm tpm_;
};

// The whole folder as it was when an older release ran: that release does not run again.
TEST_F(ReleaseFloorsTest, AnOlderStateFolderIsRefused) {
  ASSERT_EQ(accept(1, 1), "");
  copy_state(elsewhere_ / "old");
  ASSERT_EQ(accept(2, 2), "");
  copy_state(elsewhere_ / "new");
  restore_state(elsewhere_ / "old");
  EXPECT_EQ(code(), "AGT-FLOORS");
  restore_state(elsewhere_ / "new");
  EXPECT_EQ(voice().last_good, 2U);
}

TEST_F(ReleaseFloorsTest, ARecordThatIsGoneDamagedOrEditedIsRefused) {
  ASSERT_EQ(accept(2, 2), "");
  copy_state(elsewhere_ / "good");
  fs::remove(record());
  EXPECT_EQ(code(), "AGT-FLOORS") << "gone";
  std::ofstream(record()) << "{}";
  EXPECT_EQ(code(), "AGT-FLOORS") << "damaged";
  restore_state(elsewhere_ / "good");
  auto document = read_state_file(record(), 1U << 20U).value().value();
  codec::Json present = *document.find("present");
  present.set("floors", codec::Json::Object{
                            {"voice", codec::Json::Object{{"last_good", 1}, {"never_below", 1}}}});
  document.set("present", present);
  ASSERT_TRUE(write_state_file(record(), document, 1U << 20U));
  EXPECT_EQ(code(), "AGT-FLOORS") << "edited, with a good digest of its own";
  for (const auto& entry : fs::directory_iterator(folder_.path()))
    fs::remove(entry.path());
  EXPECT_EQ(code(), "AGT-FLOORS") << "all is gone";
}

TEST_F(ReleaseFloorsTest, AnotherOrAClearedTpmIsRefused) {
  ASSERT_EQ(accept(2, 2), "");
  tpm_.ratchet = crypto::sha256(as_bytes("another"));
  EXPECT_EQ(code(), "AGT-FLOORS");
  tpm_.ratchet.reset();
  EXPECT_EQ(code(), "AGT-FLOORS");
}

// Removed and made anew, by whoever owns the TPM: of the right kind, and it holds nothing.
TEST_F(ReleaseFloorsTest, ARatchetThatWasMadeAnewIsRefusedAndTheRecordStays) {
  for (const std::uint64_t release : {0U, 2U}) {
    ASSERT_EQ(release == 0 ? code() : accept(release, release), "");
    copy_state(elsewhere_ / "good");
    const auto before = tpm_.ratchet;
    tpm_.ratchet = crypto::Sha256Digest{};
    EXPECT_EQ(code(), "AGT-FLOORS") << release;
    const Bytes authorization =
        std::exchange(tpm_.ratchet_authorization, to_bytes(as_bytes("another")));
    EXPECT_EQ(code(), "AGT-FLOORS") << release;
    tpm_.ratchet = before;
    tpm_.ratchet_authorization = authorization;
    EXPECT_EQ(voice().last_good, release) << "nothing was written over it";
  }
}

// Both records are there, as they are at a beginning, but one of them was in force.
TEST_F(ReleaseFloorsTest, ARatchetThatWasMadeAnewAfterACrashIsRefusedToo) {
  for (const std::uint64_t release : {2U, 3U}) {
    ASSERT_EQ(code(), "");
    tpm_.after_ratchet = [] { throw std::runtime_error("the power is gone"); };
    EXPECT_THROW((void)accept(release, release), std::runtime_error);
    tpm_.after_ratchet = [] {};
    const auto before = std::exchange(tpm_.ratchet, crypto::Sha256Digest{});
    EXPECT_EQ(code(), "AGT-FLOORS") << release;
    tpm_.ratchet = before;
    EXPECT_EQ(voice().last_good, release) << "nothing was written over it";
  }
}

// What the beginning took over is not lost with an index that is made anew under it.
TEST_F(ReleaseFloorsTest, ABeginningThatWasCutOffGoesOnWithWhatItTookOver) {
  std::ofstream(folder_ / "release-floors.json") << R"({"voice":7})";
  tpm_.before_ratchet = [] { throw std::runtime_error("the power is gone"); };
  EXPECT_THROW((void)load(), std::runtime_error);
  tpm_.before_ratchet = [] {};
  fs::remove(folder_ / "release-floors.json");
  EXPECT_EQ(voice().last_good, 7U);
}

TEST_F(ReleaseFloorsTest, NothingIsAcceptedThatTheTpmDoesNotHold) {
  ASSERT_EQ(accept(1, 1), "");
  auto floors = load();
  ASSERT_TRUE(floors);
  tpm_.unreachable = true;
  EXPECT_EQ(floors->accept(kVoice, 2, 2).error().code, "TPM-UNREACHABLE");
  EXPECT_EQ(floors->of(kVoice), 1U);
  EXPECT_EQ(code(), "TPM-UNREACHABLE");
  tpm_.unreachable = false;
  EXPECT_EQ(voice().last_good, 1U);
  std::ofstream(folder_ / "floors.secret") << std::string(32, 'x');
  EXPECT_EQ(accept(2, 2), "TPM-NV-AUTHORIZATION");
  EXPECT_EQ(voice().last_good, 1U);
}

// Before the TPM moves, after it moved, and when nobody heard that it did.
TEST_F(ReleaseFloorsTest, ACrashAtAnyPointLeavesARecordThatIsAccepted) {
  ASSERT_EQ(accept(1, 1), "");
  tpm_.before_ratchet = [this] {
    copy_state(elsewhere_ / "crashed");
    throw std::runtime_error("the power is gone");
  };
  EXPECT_THROW((void)accept(2, 2), std::runtime_error);
  EXPECT_EQ(voice().last_good, 1U) << "before";
  tpm_.before_ratchet = [this] { copy_state(elsewhere_ / "crashed"); };
  ASSERT_EQ(accept(2, 2), "");
  restore_state(elsewhere_ / "crashed");
  EXPECT_EQ(voice().last_good, 2U) << "after";
  tpm_.before_ratchet = [] {};
  tpm_.loses_the_answer = true;
  EXPECT_EQ(accept(3, 3), "") << "it holds it";
  tpm_.loses_the_answer = false;
  EXPECT_EQ(voice().last_good, 3U);
}

// The TPM moved and died: the next word must not cost the only record that it stands at.
TEST_F(ReleaseFloorsTest, AMoveThatNobodyHeardOfIsHeardOfBeforeTheNext) {
  ASSERT_EQ(accept(1, 1), "");
  auto floors = load();
  ASSERT_TRUE(floors);
  tpm_.after_ratchet = [this] { tpm_.unreachable = true; };
  EXPECT_EQ(floors->accept(kVoice, 2, 1).error().code, "TPM-UNREACHABLE");
  EXPECT_EQ(floors->accept(kVoice, 3, 3).error().code, "TPM-UNREACHABLE");
  EXPECT_EQ(floors->step_back(kVoice, 2).error().code, "TPM-UNREACHABLE");
  tpm_.after_ratchet = [] {};
  tpm_.unreachable = false;
  EXPECT_EQ(voice().last_good, 2U) << "loaded anew";
  EXPECT_EQ(floors->accept(kVoice, 1, 1).error().code, "REL-ROLLBACK");
  EXPECT_EQ(voice().last_good, 2U);
  ASSERT_TRUE(floors->step_back(kVoice, 2)) << "it was told meanwhile";
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 1, .never_below = 1}));
  ASSERT_TRUE(floors->accept(kVoice, 3, 3));
  EXPECT_EQ(voice().last_good, 3U);
}

TEST_F(ReleaseFloorsTest, WhereTheTpmStandsElsewhereNothingIsWritten) {
  ASSERT_EQ(accept(2, 2), "");
  auto floors = load();
  ASSERT_TRUE(floors);
  const auto ours = std::exchange(tpm_.ratchet, crypto::sha256(as_bytes("another")));
  EXPECT_EQ(floors->accept(kVoice, 3, 3).error().code, "AGT-FLOORS");
  tpm_.ratchet.reset();
  EXPECT_EQ(floors->accept(kVoice, 3, 3).error().code, "AGT-FLOORS");
  tpm_.ratchet = ours;
  EXPECT_EQ(voice().last_good, 2U);
}

// Both records are on disk by then, and the TPM says which it is.
TEST_F(ReleaseFloorsTest, WhatIsAcceptedDoesNotHangOnTidyingUp) {
  ASSERT_EQ(accept(1, 1), "");
  tpm_.after_ratchet = [this] {
    fs::rename(record(), elsewhere_ / "both");
    fs::create_directories(fs::path(record()) / "in the way");
  };
  EXPECT_EQ(accept(2, 2), "");
  tpm_.after_ratchet = [] {};
  fs::remove_all(record());
  fs::rename(elsewhere_ / "both", record());
  EXPECT_EQ(voice().last_good, 2U);
}

TEST_F(ReleaseFloorsTest, ACrashAtTheVeryBeginningBeginsAnew) {
  tpm_.before_ratchet = [] { throw std::runtime_error("the power is gone"); };
  EXPECT_THROW((void)load(), std::runtime_error);
  EXPECT_TRUE(tpm_.ratchet.has_value());
  tpm_.before_ratchet = [] {};
  EXPECT_EQ(accept(1, 1), "");
  EXPECT_EQ(voice().last_good, 1U);
}

TEST_F(ReleaseFloorsTest, NeitherFloorFallsByAcceptingARelease) {
  ASSERT_EQ(accept(7, 5), "");
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 7, .never_below = 5}));
  ASSERT_EQ(accept(3, 1), "REL-ROLLBACK");
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 7, .never_below = 5}));
  ASSERT_EQ(accept(7, 1), "");
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 7, .never_below = 5}));
  ASSERT_EQ(accept(8, 99), "");
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 8, .never_below = 8})) << "not above the release";
  EXPECT_EQ(load()->of(kGauge), 0U);
}

TEST_F(ReleaseFloorsTest, ABlockedReleaseLeadsBackAsFarAsItsPublisherSaidAndNoFurther) {
  ASSERT_EQ(accept(7, 5), "");
  ASSERT_EQ(step_back(6), "");
  EXPECT_EQ(voice().last_good, 7U) << "another was blocked";
  ASSERT_EQ(step_back(7), "");
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 5, .never_below = 5}));
  ASSERT_EQ(step_back(5), "");
  EXPECT_EQ(voice().last_good, 5U);
  ASSERT_EQ(accept(6, 1), "");
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 6, .never_below = 5}));
}

// A copy from before the step back would let the blocked release run; one from after it, the older.
TEST_F(ReleaseFloorsTest, AStepBackIsInTheTpmToo) {
  ASSERT_EQ(accept(7, 5), "");
  copy_state(elsewhere_ / "before");
  ASSERT_EQ(step_back(7), "");
  copy_state(elsewhere_ / "after");
  ASSERT_EQ(accept(8, 8), "");
  for (const char* old : {"before", "after"}) {
    restore_state(elsewhere_ / old);
    EXPECT_EQ(code(), "AGT-FLOORS") << old;
  }
}

TEST_F(ReleaseFloorsTest, ARecordOfATimeWithoutTheTpmIsTakenOverOnce) {
  const std::string old = folder_ / "release-floors.json";
  for (const char* damaged : {"", "[]", R"({"voice":"2"})", R"({"voice":0})", R"({"voice":1)"}) {
    std::ofstream(old) << damaged;
    EXPECT_EQ(code(), "AGT-FLOORS") << damaged;
  }
  std::ofstream(old) << R"({"voice":7})";
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 7, .never_below = 7}));
  EXPECT_FALSE(fs::exists(old));
  std::ofstream(old) << R"({"voice":1})";
  EXPECT_EQ(voice().last_good, 7U);
}

// The limit of what floors hold: the ratchet's authorization lies beside the record.
TEST_F(ReleaseFloorsTest, WhoActsAsTheAgentWritesFloors) {
  ASSERT_EQ(accept(7, 7), "");
  const codec::Json low = *codec::parse_json(R"({"voice":{"last_good":1,"never_below":1}})");
  const codec::Json forged =
      codec::Json::Object{{"before", to_hex(*tpm_.ratchet)}, {"floors", low}};
  const Bytes authorization = read_file(folder_ / "floors.secret", kMaxSecret).value();
  const std::string text = codec::to_json(low);
  ASSERT_TRUE(tpm_.extend_ratchet(authorization, crypto::sha256(as_bytes(text))));
  ASSERT_TRUE(write_state_file(record(), codec::Json::Object{{"present", forged}}, kMaxRecord));
  EXPECT_EQ(voice().last_good, 1U);
}

TEST_F(ReleaseFloorsTest, ForgettingBeginsAnew) {
  ASSERT_EQ(accept(7, 7), "");
  ASSERT_TRUE(insecure_forget_floors(folder_.path(), tpm_));
  EXPECT_EQ(load()->of(kVoice), 0U);
  ASSERT_EQ(accept(1, 1), "");
}

TEST_F(ReleaseFloorsTest, AModelThatTookTwoPublishersTakesTwoEverAfter) {
  ASSERT_EQ(accept(3, 2), "");
  EXPECT_FALSE(voice().by_two);
  {
    auto floors = load();
    ASSERT_TRUE(floors->accept(kVoice, 4, 2, true).has_value());
    EXPECT_FALSE(floors->floor(kGauge).by_two);
  }
  ASSERT_EQ(accept(5, 2), "");
  EXPECT_EQ(voice(), (ReleaseFloor{.last_good = 5, .never_below = 2, .by_two = true}));
  ASSERT_EQ(step_back(5), "");
  EXPECT_TRUE(voice().by_two);
  const Bytes kept = *read_file(record(), kMaxRecord);
  std::string edited(as_text(kept));
  edited.replace(edited.find("true"), 4, "false");
  ASSERT_TRUE(write_file_atomically(record(), as_bytes(edited), 0600).has_value());
  EXPECT_EQ(code(), "AGT-FLOORS") << "the TPM knows better";
}

}  // namespace
}  // namespace vedette::agent
