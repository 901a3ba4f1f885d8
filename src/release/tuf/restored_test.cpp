// What an earlier update has stored: it tells older from newer, and is believed no further.
#include "release/tuf/updater_fixture.h"

namespace vedette::release::tuf {
namespace {

constexpr const char* kMuchLater = "2030-01-01T00:00:00Z";

class TufRestored : public UpdaterFixture {
 protected:
  // A new repository and a new client, by whose clock nothing but `role` has expired in a year.
  void begin_with_short_lived(const std::string& role) {
    repository_ = ForgedRepository();
    store_.files.clear();
    ASSERT_EQ(code(trust_root(store_, repository_.files["1.root.json"])), "");
    for (const std::string name : {"root", "targets", "snapshot", "timestamp"}) {
      if (name != role) repository_[name].expires = kMuchLater;
      repository_.publish({name});
    }
  }
  // The power fails after so many changes of the store.
  void crash_after(int changes) {
    store_.changes_until_crash = changes;
    EXPECT_EQ(refresh(), "STORE-FAILED");
    store_.changes_until_crash = -1;
  }
};

TEST_F(TufRestored, EachRoleIsRefusedOnceItHasExpiredStoredOrNew) {
  for (const std::string role : {"root", "timestamp", "snapshot", "targets"})
    for (const bool is_stored : {true, false}) {
      begin_with_short_lived(role);
      if (is_stored) {
        EXPECT_EQ(refresh(), "") << role;
      }
      const auto year = std::chrono::hours(24 * 366);
      clock_.advance(year);
      EXPECT_EQ(refresh(), "TUF-EXPIRED") << role;
      clock_.advance(-year);
    }
}

TEST_F(TufRestored, ATimestampThatNoLongerVerifiesSaysNothing) {
  repository_["timestamp"].version = 1'000'000;
  repository_.publish({"timestamp"});
  ASSERT_EQ(refresh(), "");
  repository_["timestamp"].signers = {new_signer()};
  repository_["timestamp"].version = 1;
  repository_.publish({"root", "timestamp"});
  crash_after(1);
  ASSERT_EQ(stored(), Versions({2, 1'000'001, 1, 1})) << "the new root, and the old timestamp";
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(stored(), Versions({2, 2, 1, 1}));
}

TEST_F(TufRestored, ASnapshotThatNoLongerVerifiesSaysNothing) {
  repository_["targets"].version = 1'000'000;
  repository_.publish({"targets", "snapshot", "timestamp"});
  ASSERT_EQ(refresh(), "");
  repository_["snapshot"].signers = {new_signer()};
  repository_["targets"].version = 1;
  repository_.publish({"root", "targets", "snapshot", "timestamp"});
  crash_after(2);
  ASSERT_EQ(stored(), Versions({2, 0, 2, 1'000'001})) << "the new root, and the old snapshot";
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(stored(), Versions({2, 3, 3, 2}));
}

TEST_F(TufRestored, ASnapshotThatIsNotWhatTheTimestampPromisesIsFetchedAnew) {
  ASSERT_EQ(refresh(), "");
  repository_.promise_hashes = true;
  repository_["snapshot"].expires = kMuchLater;
  repository_.files["1.snapshot.json"] =
      document(repository_.content("snapshot"), repository_["snapshot"].signers);
  repository_.publish({"timestamp"});
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.files["snapshot"], repository_.files["1.snapshot.json"]);
}

TEST_F(TufRestored, DamagedFilesAreFetchedAnew) {
  for (const std::string role : {"timestamp", "snapshot", "targets"}) {
    ASSERT_EQ(refresh(), "");
    const Bytes good = store_.files[role];
    store_.files[role] = to_bytes("damaged");
    EXPECT_EQ(refresh(), "") << role;
    EXPECT_EQ(store_.files[role], good) << role;
  }
}

}  // namespace
}  // namespace vedette::release::tuf
