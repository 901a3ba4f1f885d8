// A server that prolongs a TUF repository: what it does by itself, and what it tells.
#include "server/tuf_service.h"

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "release/tuf/metadata.h"
#include "testing/fake_clock.h"
#include "testing/tuf_scene.h"

namespace vedette::server {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
namespace tuf = release::tuf;

template <class T>
std::string code(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class TufUpkeep : public ::testing::Test {
 protected:
  [[nodiscard]] TufSettings settings() const {
    TufSettings settings;
    settings.repository = scene_.path();
    return settings;
  }
  [[nodiscard]] static tuf::OnlineKeys keys(const crypto::PrivateKey& key) {
    return {.snapshot = {key}, .timestamp = {key}};
  }
  [[nodiscard]] std::int64_t version() const {
    return tuf::parse_timestamp(scene_.metadata("timestamp.json"))->version;
  }

  FakeClock clock_;
  testing::TufScene scene_{clock_};
};

TEST_F(TufUpkeep, WithoutAKeyOrARepositoryNothingIsWritten) {
  clock_.advance(hours(20));
  TufService without_key(clock_, settings(), {});
  EXPECT_EQ(code(without_key.tend()), "");
  EXPECT_EQ(version(), 1);
  EXPECT_EQ(without_key.status().boolean("renews"), false);
  TufService nothing(clock_, {}, {});
  EXPECT_EQ(code(nothing.tend()), "");
  EXPECT_TRUE(nothing.status().is_null());
}

TEST_F(TufUpkeep, WaitsForAuthorsWhoHaveNotPublishedYet) {
  TufSettings elsewhere = settings();
  elsewhere.repository = scene_.path() + "-later";
  TufService service(clock_, elsewhere, keys(scene_.online));
  EXPECT_EQ(code(service.tend()), "TUF-NOTHING");
  EXPECT_NE(service.status().string("refused")->find("TUF-NOTHING"), std::string::npos);
  std::filesystem::copy(scene_.path(), elsewhere.repository,
                        std::filesystem::copy_options::recursive);
  EXPECT_EQ(code(service.tend()), "") << "at the next tending";
  EXPECT_EQ(service.status().find("refused"), nullptr);
}

TEST_F(TufUpkeep, IsRefusedWhileAnAuthorWorksAndTriesAgain) {
  TufService service(clock_, settings(), keys(scene_.online));
  clock_.advance(hours(12));
  {
    const UniqueFd author{::open(scene_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    ASSERT_EQ(::flock(author.get(), LOCK_EX), 0);
    EXPECT_EQ(code(service.tend()), "TUF-LOCKED");
    EXPECT_EQ(version(), 1);
  }
  EXPECT_EQ(code(service.tend()), "");
  EXPECT_EQ(version(), 2);
}

TEST_F(TufUpkeep, TellsThatTheRootDoesNotNameItsKey) {
  TufService service(clock_, settings(), keys(scene_.online));
  scene_.rotate_online_key();
  clock_.advance(hours(13));
  const Bytes before = scene_.metadata("timestamp.json");
  EXPECT_EQ(code(service.tend()), "TUF-SIGNATURES");
  EXPECT_EQ(scene_.metadata("timestamp.json"), before);
  const auto status = service.status();
  EXPECT_NE(status.string("refused")->find("TUF-SIGNATURES"), std::string::npos);
  EXPECT_TRUE(status.string("expires").has_value());
}

TEST_F(TufUpkeep, KeepsTheRepositoryAliveAsLongAsWhatIsSignedOffline) {
  TufService service(clock_, settings(), keys(scene_.online));
  for (int hour = 0; hour < 24 * 30; ++hour) {
    ASSERT_EQ(code(service.tend()), "") << hour;
    ASSERT_GT(tuf::validity_of(tuf::ServedFiles(scene_.path()), {})->expires, clock_.now());
    clock_.advance(hours(1));
  }
  EXPECT_EQ(version(), 60) << "twice a day";
  clock_.advance(hours(24 * 151));
  EXPECT_EQ(code(service.tend()), "TUF-EXPIRED") << "targets needs its author";
}

// Whether it holds a key or not: clients go by what is published, and refuse it.
TEST_F(TufUpkeep, TellsWhenClientsRefuseWhatHasExpired) {
  TufService without_key(clock_, settings(), {});
  TufService service(clock_, settings(), keys(scene_.online));
  EXPECT_EQ(without_key.status().string("expires_first"), "timestamp");
  EXPECT_EQ(without_key.status().find("refused"), nullptr);
  clock_.advance(hours(24));
  EXPECT_EQ(code(without_key.tend()), "TUF-EXPIRED");
  EXPECT_NE(without_key.status().string("refused")->find("TUF-EXPIRED"), std::string::npos);
  EXPECT_NE(service.status().string("refused")->find("timestamp"), std::string::npos);
  ASSERT_EQ(code(service.tend()), "");
  EXPECT_EQ(service.status().find("refused"), nullptr);

  clock_.advance(hours(24 * 179) - hours(1));
  ASSERT_EQ(code(service.tend()), "");
  EXPECT_EQ(service.status().string("expires_first"), "targets");
  EXPECT_EQ(service.status().string("expires"), to_rfc3339(clock_.now() + hours(1)));
  EXPECT_EQ(service.status().find("refused"), nullptr);
  clock_.advance(hours(1));
  EXPECT_EQ(code(service.tend()), "TUF-EXPIRED") << "though no renewal is due";
  EXPECT_NE(service.status().string("refused")->find("targets"), std::string::npos);
}

TEST_F(TufUpkeep, AClockThatIsSetBackStopsNoRenewal) {
  TufService service(clock_, settings(), keys(scene_.online));
  const TimePoint right = clock_.now();
  clock_.advance(hours(24 * 30));
  ASSERT_EQ(code(service.tend()), "");
  ASSERT_EQ(version(), 2);
  clock_.set(right);
  ASSERT_EQ(code(service.tend()), "");
  EXPECT_EQ(version(), 3) << "nobody may be held to a list for a month";
  EXPECT_EQ(service.status().string("expires"), to_rfc3339(right + hours(24)));
  clock_.set(right + hours(12) - minutes(1));
  ASSERT_EQ(code(service.tend()), "");
  EXPECT_EQ(version(), 3);
  clock_.set(right + hours(12));
  ASSERT_EQ(code(service.tend()), "");
  EXPECT_EQ(version(), 4);
}

TEST_F(TufUpkeep, LooksOnceAMinuteAndSeesWhatAnAuthorPublishedMeanwhile) {
  TufService service(clock_, settings(), keys(scene_.online));
  ASSERT_EQ(code(service.tend()), "");
  const tuf::Lifetimes short_lives{.snapshot = hours(1), .timestamp = hours(1)};
  ASSERT_TRUE(tuf::renew(scene_.path(), keys(scene_.online), short_lives, clock_.now()));
  ASSERT_EQ(version(), 2);
  clock_.advance(minutes(1) - std::chrono::seconds(1));
  ASSERT_EQ(code(service.tend()), "");
  EXPECT_EQ(version(), 2);
  clock_.advance(std::chrono::seconds(1));
  ASSERT_EQ(code(service.tend()), "");
  EXPECT_EQ(version(), 3);
}

TEST_F(TufUpkeep, ItsKeyLiesInAFileAsTheOtherKeysDoOrInAToken) {
  const TemporaryFolder folder;
  std::ofstream(folder / "passphrase") << "correct horse battery staple\n";
  ::chmod((folder / "passphrase").c_str(), 0400);
  const auto closed = KeyCustody::open({.passphrase_file = folder / "passphrase"}, nullptr);
  const auto open = KeyCustody::open({.insecure_unencrypted = true}, nullptr);
  TufSettings mine = settings();
  mine.online_key = folder / "online.key";
  EXPECT_EQ(code(TufService::open_keys(mine, *closed)), "FILE-OPEN");
  ASSERT_TRUE(open->write(mine.online_key, scene_.online));
  EXPECT_EQ(code(TufService::open_keys(mine, *closed)), "KEY-PASSPHRASE") << "it lies open";
  ASSERT_TRUE(closed->write(mine.online_key, scene_.online));
  EXPECT_EQ(code(TufService::open_keys(mine, *open)), "KEY-PASSPHRASE");
  const auto opened = TufService::open_keys(mine, *closed);
  ASSERT_TRUE(opened.has_value()) << describe(opened.error());
  EXPECT_EQ(opened->timestamp.front().public_key(), scene_.online.public_key());
  mine.online_key = "pkcs11:token=t;object=o";
  EXPECT_EQ(code(TufService::open_keys(mine, *closed)), "KEY-PROVIDER") << "none is here";
  platform::InsecureMemoryKeys memory;
  const auto with_provider = KeyCustody::open({.insecure_unencrypted = true}, &memory);
  mine.online_key = "memory:";
  EXPECT_EQ(code(TufService::open_keys(mine, *with_provider)), "");
}

}  // namespace
}  // namespace vedette::server
