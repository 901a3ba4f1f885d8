#include "release/tuf/renewal.h"

#include <filesystem>
#include <map>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "release/tuf/folder_fetcher.h"
#include "release/tuf/forged_repository.h"
#include "release/tuf/updater.h"
#include "testing/fake_clock.h"
#include "testing/tuf_scene.h"

namespace vedette::release::tuf {
namespace {

using std::chrono::hours;

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
  // All that the repository's folder holds, by path.
  [[nodiscard]] std::map<std::string, Bytes> files() const {
    std::map<std::string, Bytes> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scene_.path()))
      if (entry.is_regular_file())
        files.emplace(entry.path(), read_file(entry.path(), std::size_t{1} << 20U).value());
    return files;
  }
  [[nodiscard]] Validity validity() const {
    return validity_of(ServedFiles(scene_.path()), kLives).value();
  }
  std::string find(const std::string& target) {
    FolderFetcher fetcher(scene_.path());
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
  clock_.advance(hours(24 * 4));  // a snapshot is due too
  const auto before = files();
  EXPECT_EQ(renew(scene_.publisher), "TUF-SIGNATURES");
  EXPECT_EQ(files(), before);
  const auto former = scene_.online;
  scene_.rotate_online_key();
  const auto rotated = files();
  EXPECT_EQ(renew(former), "TUF-SIGNATURES");
  EXPECT_EQ(files(), rotated);
  EXPECT_EQ(renew(), "");
  EXPECT_NE(files(), rotated) << "it would have been seen";
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

// Who signs a file in `staged` takes no lock, and may be at it.
TEST_F(TufRenewal, RemovesWhatAKilledWriterLeftInTheFoldersThatAreServed) {
  std::filesystem::create_directories(scene_.path() + "/targets/voice");
  const auto before = files();
  for (const char* name : {"metadata/.timestamp.json.aB3xYz", "targets/voice/.abc.4.json.aB3xYz",
                           "staged/.voice.json.aB3xYz"})
    ASSERT_TRUE(write_file_atomically(scene_.path() + "/" + name, as_bytes("half"), 0600));
  ASSERT_TRUE(RepositoryFolder::open(scene_.path()));
  EXPECT_TRUE(std::filesystem::remove(scene_.path() + "/staged/.voice.json.aB3xYz"));
  EXPECT_EQ(files(), before);
}

TEST_F(TufRenewal, IsDueWhenHalfOfALifeIsOver) {
  const TimePoint begin = clock_.now();
  EXPECT_EQ(validity(), (Validity{.expires = begin + hours(24),
                                  .first = "timestamp",
                                  .due = begin + hours(12),
                                  .made = begin}));
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

TEST_F(TufRenewal, IsDueWhereASnapshotHasAShorterLifeThanItsTimestamp) {
  const Lifetimes odd{.snapshot = hours(8), .timestamp = hours(24)};
  const OnlineKeys keys{{scene_.online}, {scene_.online}};
  const auto validity = [&] { return validity_of(ServedFiles(scene_.path()), odd).value(); };
  EXPECT_TRUE(is_renewal_due(validity(), clock_.now())) << "it lasts a week yet";
  for (int renewals = 0; renewals < 3; ++renewals) {
    ASSERT_TRUE(tuf::renew(scene_.path(), keys, odd, clock_.now()));
    EXPECT_EQ(validity(), (Validity{.expires = clock_.now() + hours(8),
                                    .first = "snapshot",
                                    .due = clock_.now() + hours(4),
                                    .made = clock_.now()}));
    EXPECT_FALSE(is_renewal_due(validity(), clock_.now()));
    clock_.advance(hours(4));
    EXPECT_TRUE(is_renewal_due(validity(), clock_.now()));
  }
}

// A clock that was a month ahead gave both a life that ends in a month: who holds back what comes
// next could hold it back that long.
TEST_F(TufRenewal, IsDueWhenTheClockWasSetBack) {
  clock_.advance(hours(24 * 30));
  ASSERT_EQ(renew(), "");
  EXPECT_FALSE(is_renewal_due(validity(), clock_.now()));
  clock_.advance(-hours(24 * 30));
  EXPECT_TRUE(is_renewal_due(validity(), clock_.now()));
  ASSERT_EQ(renew(), "");
  EXPECT_EQ(validity(), (Validity{.expires = clock_.now() + hours(24),
                                  .first = "timestamp",
                                  .due = clock_.now() + hours(12),
                                  .made = clock_.now()}));
  const auto snapshot = parse_snapshot(scene_.metadata("3.snapshot.json"));
  ASSERT_TRUE(snapshot.has_value()) << describe(snapshot.error());
  EXPECT_EQ(snapshot->expires, clock_.now() + hours(24 * 7));
  EXPECT_EQ(find("voice/1.json"), "TUF-NO-TARGET");
}

// Whatever the online key prolongs, clients refuse what is signed offline once that has expired.
TEST_F(TufRenewal, TargetsEndsWhatClientsTakeToo) {
  clock_.advance(hours(24 * 180) - hours(1));
  ASSERT_EQ(renew(), "");
  EXPECT_EQ(validity().first, "targets");
  EXPECT_EQ(validity().expires, clock_.now() + hours(1));
  EXPECT_EQ(code(check_current(validity(), clock_.now())), "");
  clock_.advance(hours(1));
  EXPECT_EQ(code(check_current(validity(), clock_.now())), "TUF-EXPIRED");
  EXPECT_EQ(find("voice/1.json"), "TUF-EXPIRED");
}

TEST_F(TufRenewal, TheLastRootEndsItAndNoFormerOne) {
  scene_.rotate_online_key();  // to a root that lasts 90 days, while targets lasts 180
  clock_.advance(hours(24 * 90) - hours(1));
  ASSERT_EQ(renew(), "");
  EXPECT_EQ(validity().first, "root");
  EXPECT_EQ(validity().expires, clock_.now() + hours(1));
  clock_.advance(hours(1));
  EXPECT_EQ(code(check_current(validity(), clock_.now())), "TUF-EXPIRED");
  EXPECT_EQ(find("voice/1.json"), "TUF-EXPIRED");
}

TEST_F(TufRenewal, TellsWhatTheRepositoryNamesAndDoesNotHave) {
  const auto asked = [&] { return code(validity_of(ServedFiles(scene_.path()), kLives)); };
  for (const char* name : {"1.targets.json", "1.snapshot.json"}) {
    const Bytes whole = scene_.metadata(name);
    std::filesystem::remove(scene_.file(name));
    EXPECT_EQ(asked(), "TUF-VERSION") << name;
    scene_.overwrite(name, whole);
  }
  std::filesystem::remove(scene_.file("1.root.json"));
  EXPECT_EQ(asked(), "TUF-NOTHING");
}

}  // namespace
}  // namespace vedette::release::tuf
