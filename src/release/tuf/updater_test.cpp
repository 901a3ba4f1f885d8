#include "release/tuf/updater_fixture.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

class TufUpdater : public UpdaterFixture {
 protected:
  // Takes a key from `role` and gives it another; the root says so.
  void rotate(const std::string& role) {
    repository_[role].signers = {new_signer()};
    repository_.publish({"root"});
  }
};

TEST_F(TufUpdater, RefusesToBeginWithoutATrustedRoot) {
  store_.files.clear();
  EXPECT_EQ(refresh(), "TUF-NO-ROOT");
  EXPECT_TRUE(fetcher_.requests.empty());
}

TEST_F(TufUpdater, RefusesARootThatDoesNotSignItself) {
  store_.files.clear();
  const Bytes forged = document(repository_.content("root"), {new_signer()});
  EXPECT_EQ(code(trust_root(store_, forged)), "TUF-SIGNATURES");
  EXPECT_TRUE(store_.files.empty());
}

TEST_F(TufUpdater, RefusesToExchangeItsAnchor) {
  ForgedRepository other;
  EXPECT_EQ(code(trust_root(store_, other.files["1.root.json"])), "TUF-ANCHORED");
  EXPECT_EQ(code(trust_root(store_, repository_.files["1.root.json"])), "") << "the same one";
}

// 5.3: every root is signed by its own keys and by those before it, and none is left out.
TEST_F(TufUpdater, RefusesARootUnsignedByOldOrByNewKeys) {
  const std::vector<Signer> old = repository_["root"].signers;
  repository_["root"].signers = {new_signer()};
  repository_.publish({"root"});
  EXPECT_EQ(refresh(), "TUF-SIGNATURES") << "unsigned by old";
  repository_.files["2.root.json"] = document(repository_.content("root"), old);
  EXPECT_EQ(refresh(), "TUF-SIGNATURES") << "unsigned by new";
  EXPECT_EQ(store_.version("root"), 1);
  repository_.files["2.root.json"] =
      document(repository_.content("root"), {old[0], repository_["root"].signers[0]});
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("root"), 2);
}

TEST_F(TufUpdater, RefusesASkippedOrRepeatedRoot) {
  repository_.publish({"root", "root"});
  repository_.files["2.root.json"] = repository_.files["3.root.json"];
  EXPECT_EQ(refresh(), "TUF-VERSION");
  repository_.files["2.root.json"] = repository_.files["1.root.json"];
  EXPECT_EQ(refresh(), "TUF-VERSION");
  EXPECT_EQ(stored(), Versions({1, 0, 0, 0}));
}

TEST_F(TufUpdater, AcceptsAnExpiredIntermediateRootButNoExpiredLastOne) {
  repository_["root"].expires = kEarlier;
  repository_.publish({"root"});
  EXPECT_EQ(refresh(), "TUF-EXPIRED");
  EXPECT_EQ(store_.version("root"), 2) << "it is stored all the same (5.3.8)";
  repository_["root"].expires = kLater;
  repository_.publish({"root"});
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("root"), 3);
}

TEST_F(TufUpdater, WalksAtMost256RootsInOneRefresh) {
  for (int i = 0; i < 300; ++i)
    repository_.publish({"root"});
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("root"), 1 + kMaxRootRotations);
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("root"), 301);
}

TEST_F(TufUpdater, RefusesEndlessMetadata) {
  const std::vector<std::pair<std::string, std::uint64_t>> limits{
      {"2.root.json", kMaxRootOctets},
      {"timestamp.json", kMaxTimestampOctets},
      {"1.snapshot.json", kMaxSnapshotOctets},
      {"1.targets.json", kMaxTargetsOctets}};
  for (const auto& [file, limit] : limits) {
    fetcher_.endless = file;
    fetcher_.octets = 0;
    EXPECT_EQ(refresh(), "TUF-SIZE") << file;
    EXPECT_LT(fetcher_.octets, limit + 16'384) << file;
  }
}

TEST_F(TufUpdater, RefusesMoreThanThePromisedLength) {
  repository_.promise_hashes = true;
  repository_.publish({"snapshot", "timestamp"});
  fetcher_.endless = "2.snapshot.json";
  EXPECT_EQ(refresh(), "TUF-SIZE");
  EXPECT_LT(fetcher_.octets, 20'000U);
}

TEST_F(TufUpdater, RefusesEndlessMetadataOfWhateverPromisedLength) {
  Json meta = Json::Object{{"version", 1}, {"length", std::int64_t{1} << 40U}};
  Json timestamp = repository_.content("timestamp");
  timestamp.set("meta", Json::Object{{"snapshot.json", meta}}).set("version", 2);
  repository_.files["timestamp.json"] = document(timestamp, repository_["timestamp"].signers);
  fetcher_.endless = "1.snapshot.json";
  EXPECT_EQ(refresh(), "TUF-SIZE");
  EXPECT_LT(fetcher_.octets, kMaxSnapshotOctets + 16'384);
}

// What an earlier refresh trusted is not answered from once a later one was refused.
TEST_F(TufUpdater, AnswersNothingAfterARefreshThatWasRefused) {
  repository_.add_target("targets", "file", "content");
  repository_.publish({"targets", "snapshot", "timestamp"});
  Updater updater(fetcher_, store_, clock_, kUrls);
  ASSERT_EQ(code(updater.find("file")), "");
  fetcher_.broken = "timestamp.json";
  EXPECT_EQ(code(updater.find("file")), "") << "it has not to refresh each time";
  EXPECT_EQ(code(updater.refresh()), "NET-TIMEOUT");
  EXPECT_EQ(code(updater.find("file")), "NET-TIMEOUT");
}

TEST_F(TufUpdater, RefusesAnUpdateThatTheNetworkCutsShort) {
  for (const char* file : {"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}) {
    fetcher_.broken = file;
    EXPECT_EQ(refresh(), "NET-TIMEOUT") << file;
  }
  fetcher_.broken.clear();
  EXPECT_EQ(refresh(), "");
}

TEST_F(TufUpdater, RefusesOlderTimestamps) {
  repository_.publish({"timestamp"});
  const Bytes old = repository_.files["timestamp.json"];
  repository_.publish({"timestamp"});
  ASSERT_EQ(refresh(), "");
  repository_.files["timestamp.json"] = old;
  EXPECT_EQ(refresh(), "TUF-ROLLBACK");
  EXPECT_EQ(store_.version("timestamp"), 3);
}

TEST_F(TufUpdater, IgnoresAnotherTimestampOfTheSameVersion) {
  ASSERT_EQ(refresh(), "");
  const Bytes before = store_.files["timestamp"];
  repository_["snapshot"].version = 99;
  repository_.files["timestamp.json"] =
      document(repository_.content("timestamp"), repository_["timestamp"].signers);
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.files["timestamp"], before);
}

// 2^63-1 is a version as well: nothing overflows, and nothing newer can ever be.
TEST_F(TufUpdater, RefusesATimestampThatNamesAnOlderSnapshot) {
  repository_.publish({"snapshot", "timestamp"});
  ASSERT_EQ(refresh(), "");
  repository_["snapshot"].version = 1;
  repository_["timestamp"].version = INT64_MAX - 1;
  repository_.publish({"timestamp"});
  EXPECT_EQ(refresh(), "TUF-ROLLBACK");
  EXPECT_EQ(store_.version("timestamp"), 2);
}

TEST_F(TufUpdater, RefusesASnapshotInWhichARoleFellOrVanished) {
  repository_.delegate("targets", {{"one", "*"}});
  repository_.publish({"one", "one", "targets", "snapshot", "timestamp"});
  ASSERT_EQ(refresh(), "");
  repository_["one"].version = 1;
  repository_.publish({"snapshot", "timestamp"});
  EXPECT_EQ(refresh(), "TUF-ROLLBACK") << "delegated";
  repository_["one"].version = 0;  // not listed
  repository_.publish({"snapshot", "timestamp"});
  EXPECT_EQ(refresh(), "TUF-ROLLBACK") << "vanished";
  repository_["one"].version = 2;
  repository_["targets"].version = 1;
  repository_.publish({"snapshot", "timestamp"});
  EXPECT_EQ(refresh(), "TUF-ROLLBACK") << "targets";
  EXPECT_EQ(store_.version("snapshot"), 2);
}

TEST_F(TufUpdater, RefusesAMixOfVersions) {
  repository_.publish({"targets", "snapshot", "timestamp"});
  repository_.files["2.snapshot.json"] = repository_.files["1.snapshot.json"];
  EXPECT_EQ(refresh(), "TUF-VERSION");
  repository_.publish({"snapshot", "timestamp"});
  repository_.files["2.targets.json"] = repository_.files["1.targets.json"];
  EXPECT_EQ(refresh(), "TUF-VERSION");
  EXPECT_EQ(stored(), Versions({1, 3, 3, 0}));
}

TEST_F(TufUpdater, RefusesFilesThatAreNotAsPromised) {
  repository_.promise_hashes = true;
  repository_.publish({"targets", "snapshot", "timestamp"});
  for (const char* name : {"2.snapshot.json", "2.targets.json"}) {
    Bytes& file = repository_.files[name];
    const Bytes good = file;
    file.back() = ' ';  // the same length, the same signed content
    EXPECT_EQ(refresh(), "TUF-HASH") << name;
    file.pop_back();
    EXPECT_EQ(refresh(), "TUF-LENGTH") << name;
    file = good;
  }
  EXPECT_EQ(refresh(), "");
}

TEST_F(TufUpdater, RefusesToBeFrozen) {
  ASSERT_EQ(refresh(), "");
  clock_.advance(std::chrono::hours(24 * 366));
  EXPECT_EQ(refresh(), "TUF-EXPIRED") << "root";
  repository_["root"].expires = "2030-01-01T00:00:00Z";
  repository_.publish({"root"});
  EXPECT_EQ(refresh(), "TUF-EXPIRED") << "a timestamp of the same version, now expired";
  repository_["timestamp"].expires = "2030-01-01T00:00:00Z";
  repository_.publish({"timestamp"});
  EXPECT_EQ(refresh(), "TUF-EXPIRED") << "snapshot";
  repository_["snapshot"].expires = "2030-01-01T00:00:00Z";
  repository_.publish({"snapshot", "timestamp"});
  EXPECT_EQ(refresh(), "TUF-EXPIRED") << "targets";
  EXPECT_EQ(stored(), Versions({2, 3, 2, 1}));
}

// A clock that was set back makes no expired metadata valid that a newer version has replaced.
TEST_F(TufUpdater, RefusesOldMetadataWhenTheClockIsSetBack) {
  const Bytes old = repository_.files["timestamp.json"];
  repository_.publish({"timestamp"});
  ASSERT_EQ(refresh(), "");
  clock_.advance(-std::chrono::hours(24 * 365 * 10));
  repository_.files["timestamp.json"] = old;
  EXPECT_EQ(refresh(), "TUF-ROLLBACK");
}

// CVE-2025-2888: what was refused once must not be stored, or the client refuses the good one then.
TEST_F(TufUpdater, RejectedMetadataIsNeverStored) {
  ASSERT_EQ(refresh(), "");
  for (const std::string role : {"timestamp", "snapshot", "targets"}) {
    ForgedRepository genuine = repository_;
    repository_[role].signers = {new_signer()};
    repository_[role].version = 999;
    if (role == "targets") repository_.publish({"targets"});
    if (role != "timestamp") repository_.publish({"snapshot"});
    repository_.publish({"timestamp"});
    EXPECT_EQ(refresh(), "TUF-SIGNATURES") << role;
    EXPECT_LT(store_.version(role), 999) << role;
    repository_ = genuine;
    store_.files.clear();
    ASSERT_EQ(code(trust_root(store_, repository_.files["1.root.json"])), "");
    ASSERT_EQ(refresh(), "");
  }
}

// 5.3.11: versions that an attacker drove up are forgotten once the keys are taken from him.
TEST_F(TufUpdater, RecoversFromFastForward) {
  for (const std::string role : {"timestamp", "snapshot"}) {
    repository_[role].version = INT64_MAX - 1;
    if (role == "snapshot") repository_.publish({"snapshot"});
    repository_.publish({"timestamp"});
    ASSERT_EQ(refresh(), "") << role;
    repository_[role].version = 1;
    rotate(role);
    if (role == "snapshot") repository_["timestamp"].version = 1;
    repository_.publish({"snapshot", "timestamp"});
    EXPECT_EQ(refresh(), "") << role;
    EXPECT_EQ(store_.version(role), 2) << role;
  }
}

// Half of the keys are new: the old file would still verify.
TEST_F(TufUpdater, RecoversFromFastForwardWhenOneOfTwoKeysIsRotated) {
  repository_["timestamp"].signers.push_back(new_signer());
  repository_.publish({"root", "timestamp"});
  repository_["timestamp"].version = 1'000'000;
  repository_.publish({"timestamp"});
  ASSERT_EQ(refresh(), "");
  repository_["timestamp"].signers[1] = new_signer();
  repository_["timestamp"].version = 2;
  repository_.publish({"root", "timestamp"});
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("timestamp"), 3);
}

// The snapshot keeps what it has told of targets until its own key is taken away as well.
TEST_F(TufUpdater, ForgetsDrivenUpTargetsOnlyWithTheSnapshotsKey) {
  repository_["targets"].version = INT64_MAX - 1;
  repository_.publish({"targets", "snapshot", "timestamp"});
  ASSERT_EQ(refresh(), "");
  repository_["targets"].version = 1;
  rotate("targets");
  repository_.publish({"targets", "snapshot", "timestamp"});
  EXPECT_EQ(refresh(), "TUF-ROLLBACK");
  rotate("snapshot");
  repository_.publish({"snapshot", "timestamp"});
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("targets"), 2);
}

// Who has one online key may refuse service, but cannot bring in content.
TEST_F(TufUpdater, AStolenKeyOfOneRoleIsNotEnough) {
  const Signer timestamp = repository_["timestamp"].signers[0];
  const Signer snapshot = repository_["snapshot"].signers[0];
  repository_["targets"].signers = {timestamp, snapshot};
  repository_.publish({"targets", "snapshot", "timestamp"});
  EXPECT_EQ(refresh(), "TUF-SIGNATURES");
  EXPECT_EQ(store_.version("targets"), 0);
}

TEST_F(TufUpdater, RefusesATimestampSignedAsASnapshot) {
  repository_["snapshot"].signers = repository_["timestamp"].signers;
  repository_.publish({"root", "snapshot", "timestamp"});
  repository_.files["timestamp.json"] = repository_.files["2.snapshot.json"];
  EXPECT_EQ(refresh(), "TUF-TYPE");
}

// Power fails before each change of the store in turn; what is left must lead on, and never back.
TEST_F(TufUpdater, SurvivesACrashAtEveryWrite) {
  ASSERT_EQ(refresh(), "");
  repository_["timestamp"].signers = {new_signer()};
  repository_.publish({"root", "root", "targets", "snapshot", "timestamp"});
  const auto before = store_.files;
  int crashes = 0;
  for (bool crashed = true; crashed; ++crashes) {
    store_.files = before;
    store_.changes_until_crash = crashes;
    crashed = refresh() == "STORE-FAILED";
    const Versions left = stored();
    store_.changes_until_crash = -1;
    EXPECT_EQ(refresh(), "") << crashes;
    EXPECT_EQ(stored(), Versions({3, 2, 2, 2})) << crashes;
    EXPECT_GE(left[0], 1) << crashes;
  }
  EXPECT_EQ(crashes, 2 + 2 + 3 + 1) << "two roots, two files that fall, three files, and none";
}

TEST_F(TufUpdater, AsksForWhatIsNewOnly) {
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(fetcher_.requests,
            Roles({"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}));
  EXPECT_EQ(stored(), Versions({1, 1, 1, 1}));
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(fetcher_.requests, Roles({"2.root.json", "timestamp.json"}));
  EXPECT_EQ(store_.files["timestamp"], repository_.files["timestamp.json"]) << "octet by octet";
}

}  // namespace
}  // namespace vedette::release::tuf
