#include "release/tuf/renewal.h"

#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "release/tuf/forged_repository.h"
#include "release/tuf/updater.h"
#include "testing/fake_clock.h"
#include "testing/tuf_scene.h"

namespace vedette::release::tuf {
namespace {

using std::chrono::hours;

class FilesAsServed final : public Fetcher {
 public:
  explicit FilesAsServed(std::string folder) : files_(std::move(folder)) {}

  Result<void> fetch(const std::string& url, std::chrono::seconds /*within*/,
                     const Sink& sink) override {
    VEDETTE_TRY(const auto octets, files_.metadata(url.substr(url.rfind('/') + 1)));
    if (!octets) return refuse("TUF-NOT-FOUND", "no such file", url);
    return sink(*octets);
  }

 private:
  ServedFiles files_;
};

template <class T>
std::string code(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class TufRenewal : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(trust_root(store_, scene_.metadata("1.root.json"))); }

  std::string renew(const crypto::PrivateKey& key) {
    return code(tuf::renew(scene_.path(), {{key}, {key}}, kLives, clock_.now()));
  }
  std::string renew() { return renew(scene_.online); }
  [[nodiscard]] Validity validity() const {
    return validity_of(ServedFiles(scene_.path()), kLives).value();
  }
  std::string find(const std::string& target) {
    FilesAsServed fetcher(scene_.path());
    Updater updater(fetcher, store_, clock_, {"/m", "/t"});
    return code(updater.find(target));
  }

  static constexpr Lifetimes kLives{.snapshot = hours(24 * 7), .timestamp = hours(24)};
  FakeClock clock_;
  testing::TufScene scene_{clock_, kLives};
  FakeStore store_;
};

TEST_F(TufRenewal, RefusesAFolderThatIsNoRepositoryOrHasPublishedNothing) {
  const TemporaryFolder empty;
  const OnlineKeys keys{{scene_.online}, {scene_.online}};
  EXPECT_EQ(code(tuf::renew(empty.path(), keys, kLives, clock_.now())), "TUF-FOLDER");
  EXPECT_EQ(code(validity_of(ServedFiles(empty.path()), kLives)), "TUF-NOTHING");
  ASSERT_TRUE(RepositoryFolder::create(empty / "new"));
  EXPECT_EQ(code(tuf::renew(empty / "new", keys, kLives, clock_.now())), "TUF-NOTHING");
}

TEST_F(TufRenewal, RefusesWhileAnotherProcessWorksThere) {
  const UniqueFd other{::open(scene_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  EXPECT_EQ(renew(), "TUF-LOCKED");
  EXPECT_EQ(find("voice/1.json"), "TUF-NO-TARGET") << "clients do not wait";
}

TEST_F(TufRenewal, RefusesAKeyThatTheRootDoesNotNameAndWritesNothing) {
  const Bytes before = scene_.metadata("timestamp.json");
  EXPECT_EQ(renew(scene_.publisher), "TUF-SIGNATURES");
  const auto former = scene_.online;
  scene_.rotate_online_key();
  EXPECT_EQ(renew(former), "TUF-SIGNATURES");
  EXPECT_NE(scene_.metadata("timestamp.json"), before) << "the rotation published one";
  EXPECT_EQ(renew(), "");
}

TEST_F(TufRenewal, ProlongsNothingThatIsSignedOffline) {
  clock_.advance(hours(24 * 181));
  EXPECT_EQ(renew(), "TUF-EXPIRED");
  EXPECT_EQ(find("voice/1.json"), "TUF-EXPIRED");
}

// By whoever holds the online key alone: a role that is staged is its author's matter.
TEST_F(TufRenewal, LeavesAloneWhatIsStaged) {
  scene_.stage_unsigned("voice/1.json");
  EXPECT_EQ(renew(), "");
  EXPECT_EQ(find("voice/1.json"), "TUF-NO-TARGET");
  EXPECT_TRUE(std::filesystem::exists(scene_.path() + "/staged/voice.json"));
}

TEST_F(TufRenewal, IsDueWhenHalfOfALifeIsOver) {
  const TimePoint begin = clock_.now();
  EXPECT_EQ(validity(), (Validity{begin + hours(24), begin + hours(12)}));
  for (int half_day = 1; half_day <= 14; ++half_day) {
    clock_.advance(hours(12));
    ASSERT_LE(validity().due, clock_.now());
    ASSERT_EQ(renew(), "");
    EXPECT_EQ(validity().expires, clock_.now() + hours(24));
    EXPECT_EQ(find("voice/1.json"), "TUF-NO-TARGET");
  }
  EXPECT_EQ(store_.version("timestamp"), 15);
  EXPECT_EQ(store_.version("snapshot"), 3) << "a week has passed";
}

TEST_F(TufRenewal, IsDueWhereASnapshotWasGivenAShorterLifeThanItsTimestamp) {
  const Lifetimes odd{.snapshot = hours(8), .timestamp = hours(24)};
  const OnlineKeys keys{{scene_.online}, {scene_.online}};
  clock_.advance(hours(24 * 6));
  ASSERT_TRUE(tuf::renew(scene_.path(), keys, odd, clock_.now()));
  EXPECT_EQ(validity_of(ServedFiles(scene_.path()), odd)->due, clock_.now() + hours(12));
  clock_.advance(hours(20));
  ASSERT_TRUE(tuf::renew(scene_.path(), keys, odd, clock_.now()));
  EXPECT_EQ(validity_of(ServedFiles(scene_.path()), odd),
            (Validity{clock_.now() + hours(8), clock_.now() + hours(4)}));
}

}  // namespace
}  // namespace vedette::release::tuf
