// A repository whose every publication is followed by a client of ours.
#include "release/tuf/publication.h"

#include <gtest/gtest.h>

#include "release/tuf/forged_repository.h"
#include "release/tuf/role_edit.h"
#include "release/tuf/updater.h"

namespace vedette::release::tuf {
namespace {

class ServedFiles final : public Fetcher {
 public:
  Result<void> fetch(const std::string& url, std::chrono::seconds /*within*/,
                     const Sink& sink) override {
    const auto file = files.find(url.substr(url.rfind('/') + 1));
    if (file == files.end()) return refuse("TUF-NOT-FOUND", "no such file", url);
    return sink(file->second);
  }

  std::map<std::string, Bytes> files;
};

template <class T>
std::string code(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class TufPublication : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto root = new_root({{"root", {{a_.public_key(), b_.public_key()}, 2}},
                                {"targets", holder(targets_)},
                                {"snapshot", holder(online_)},
                                {"timestamp", holder(online_)}},
                               days(365));
    ASSERT_TRUE(root) << describe(root.error());
    stage_root(*root, {a_, b_});
    stage("targets", new_targets(days(90)), {targets_});
    ASSERT_EQ(publish(), "");
    ASSERT_TRUE(trust_root(store_, served_.files["1.root.json"]));
    ASSERT_EQ(refresh(), "");
  }

  [[nodiscard]] TimePoint days(int count) const {
    return clock_.now() + std::chrono::hours(24 * count);
  }
  static RoleHolders holder(const crypto::PrivateKey& key) {
    return {.keys = {key.public_key()}, .threshold = 1};
  }
  static Bytes by(Document document, const std::vector<crypto::PrivateKey>& keys) {
    for (const auto& key : keys)
      EXPECT_TRUE(sign_document(document, key));
    return write_document(document);
  }
  void stage_root(const Document& document, const std::vector<crypto::PrivateKey>& keys) {
    staged_.root = by(document, keys);
  }
  void stage(const std::string& role, const Document& document,
             const std::vector<crypto::PrivateKey>& keys) {
    staged_.targets[role] = by(document, keys);
  }
  // The next version of what is published.
  Document next(const Bytes& octets) {
    Document document = read_document(octets).value();
    EXPECT_TRUE(begin_next_version(document, days(90)));
    return document;
  }
  Document next_root() { return next(*published_.root); }
  Document next_targets() { return next(published_.targets.at("targets")); }

  // "" and what is served afterwards, or the code; then nothing has changed.
  std::string publish() {
    const auto files = next_publication(
        published_, staged_, {online_all_, online_all_},
        {.snapshot = std::chrono::hours(24 * 7), .timestamp = std::chrono::hours(24)},
        clock_.now());
    if (!files) return files.error().code;
    names_.clear();
    for (const MetadataFile& file : *files) {
      names_.push_back(file.name);
      served_.files[file.name] = file.octets;
    }
    published_.timestamp = served_.files["timestamp.json"];
    const auto snapshot = parse_timestamp(*published_.timestamp)->content.snapshot.version;
    published_.snapshot = served_.files[std::to_string(snapshot) + ".snapshot.json"];
    if (staged_.root) published_.root = staged_.root;
    for (const auto& [role, octets] : staged_.targets)
      published_.targets[role] = octets;
    staged_ = {};
    return "";
  }
  std::string refresh() {
    Updater updater(served_, store_, clock_, {"http://127.0.0.1/m", "http://127.0.0.1/t"});
    return code(updater.refresh());
  }
  std::string find(const std::string& target) {
    Updater updater(served_, store_, clock_, {"http://127.0.0.1/m", "http://127.0.0.1/t"});
    return code(updater.find(target));
  }

  FakeClock clock_;
  crypto::PrivateKey a_ = crypto::PrivateKey::generate_ed25519();
  crypto::PrivateKey b_ = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey targets_ = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey voice_ = crypto::PrivateKey::generate_ed25519();
  crypto::PrivateKey online_ = crypto::PrivateKey::generate_p256();
  std::vector<crypto::PrivateKey> online_all_{online_};
  Published published_;
  Staged staged_;
  ServedFiles served_;
  FakeStore store_;
  std::vector<std::string> names_;  // of the last publication's files, in their order
};

TEST_F(TufPublication, RefusesToBeginWithNothing) {
  published_ = {};
  EXPECT_EQ(publish(), "TUF-NOTHING");
  stage_root(new_root({{"root", holder(a_)},
                       {"targets", holder(a_)},
                       {"snapshot", holder(online_)},
                       {"timestamp", holder(online_)}},
                      days(1))
                 .value(),
             {a_});
  EXPECT_EQ(publish(), "TUF-NOTHING") << "no targets";
}

TEST_F(TufPublication, RefusesARootUnsignedByOldOrByNewKeysOrOfAnotherVersion) {
  const auto c = crypto::PrivateKey::generate_p256();
  Document root = next_root();
  ASSERT_TRUE(set_holders(root, "root", {{b_.public_key(), c.public_key()}, 2}));
  for (const std::vector<crypto::PrivateKey>& signers :
       {std::vector{a_, b_}, std::vector{b_, c}, std::vector{a_, c}}) {
    stage_root(root, signers);
    EXPECT_EQ(publish(), "TUF-SIGNATURES");
  }
  stage_root(next(write_document(root)), {a_, b_, c});
  EXPECT_EQ(publish(), "TUF-VERSION") << "one was left out";
  stage_root(root, {a_, b_, c});
  EXPECT_EQ(publish(), "");
  EXPECT_EQ(names_, (std::vector<std::string>{"2.root.json", "timestamp.json"}));
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("root"), 2);
}

TEST_F(TufPublication, RefusesTargetsUnsignedRepeatedExpiredOrOfAnotherRole) {
  stage("targets", next_targets(), {voice_});
  EXPECT_EQ(publish(), "TUF-SIGNATURES");
  stage("targets", read_document(published_.targets.at("targets")).value(), {targets_});
  EXPECT_EQ(publish(), "TUF-VERSION");
  Document expired = next_targets();
  expired.content.set("expires", to_rfc3339(clock_.now()));
  stage("targets", expired, {targets_});
  EXPECT_EQ(publish(), "TUF-EXPIRED");
  staged_.targets["targets"] = *published_.root;
  EXPECT_EQ(publish(), "TUF-TYPE");
  EXPECT_EQ(refresh(), "");
}

TEST_F(TufPublication, RefusesTargetsUnderTheNameOfAnotherRole) {
  for (const char* role : {"root", "snapshot", "timestamp"}) {
    stage(role, new_targets(days(1)), {targets_});
    EXPECT_EQ(publish(), "TUF-ROLE") << role;
    staged_ = {};
  }
}

TEST_F(TufPublication, RefusesAnOnlineKeyThatTheRootDoesNotName) {
  online_all_ = {voice_};
  EXPECT_EQ(publish(), "TUF-SIGNATURES");
}

TEST_F(TufPublication, RefusesARootThatWantsFilesWithoutVersions) {
  Document root = next_root();
  root.content.set("consistent_snapshot", false);
  stage_root(root, {a_, b_});
  EXPECT_EQ(publish(), "TUF-CONSISTENT");
}

TEST_F(TufPublication, RefusesADelegationWithoutItsRoleAndTargetsBeyondItsPaths) {
  Document targets = next_targets();
  ASSERT_TRUE(set_delegation(targets, {"voice", holder(voice_), {"voice/*"}}));
  stage("targets", targets, {targets_});
  EXPECT_EQ(publish(), "TUF-NOT-IN-SNAPSHOT");
  Document voice = new_targets(days(30));
  ASSERT_TRUE(set_target(voice, "gauge/1", 1, {}));
  stage("voice", voice, {voice_});
  EXPECT_EQ(publish(), "TUF-PATH");
  ASSERT_TRUE(remove_target(voice, "gauge/1"));
  ASSERT_TRUE(set_target(voice, "voice/1", 1, {}));
  stage("voice", voice, {targets_});
  EXPECT_EQ(publish(), "TUF-SIGNATURES") << "the delegator does not sign for it";
  stage("voice", voice, {voice_});
  EXPECT_EQ(publish(), "");
  EXPECT_EQ(find("voice/1"), "");
  EXPECT_EQ(find("gauge/1"), "TUF-NO-TARGET");
}

TEST_F(TufPublication, AnOrphanedRoleStaysListedAndSpeaksNoMore) {
  Document targets = next_targets();
  ASSERT_TRUE(set_delegation(targets, {"voice", holder(voice_), {"voice/*"}}));
  stage("targets", targets, {targets_});
  Document voice = new_targets(days(30));
  ASSERT_TRUE(set_target(voice, "voice/1", 1, {}));
  stage("voice", voice, {voice_});
  ASSERT_EQ(publish(), "");
  ASSERT_EQ(find("voice/1"), "");
  targets = next_targets();
  ASSERT_TRUE(remove_delegation(targets, "voice"));
  stage("targets", targets, {targets_});
  published_.targets.erase("voice");
  ASSERT_EQ(publish(), "");
  EXPECT_TRUE(parse_snapshot(*published_.snapshot)->content.files.contains("voice.json"));
  EXPECT_EQ(refresh(), "") << "it would be a rollback";
  EXPECT_EQ(find("voice/1"), "TUF-NO-TARGET");
}

TEST_F(TufPublication, ATargetThatWasRemovedIsNoTargetAnyMore) {
  Document targets = next_targets();
  ASSERT_TRUE(set_target(targets, "voice/1", 1, {}));
  stage("targets", targets, {targets_});
  ASSERT_EQ(publish(), "");
  EXPECT_EQ(names_,
            (std::vector<std::string>{"2.targets.json", "2.snapshot.json", "timestamp.json"}));
  ASSERT_EQ(find("voice/1"), "");
  targets = next_targets();
  ASSERT_TRUE(remove_target(targets, "voice/1"));
  stage("targets", targets, {targets_});
  ASSERT_EQ(publish(), "");
  EXPECT_EQ(find("voice/1"), "TUF-NO-TARGET");
}

TEST_F(TufPublication, RenewsTheTimestampAloneUntilHalfOfTheSnapshotsLifeIsOver) {
  for (int day = 1; day <= 8; ++day) {
    clock_.advance(std::chrono::hours(24));
    EXPECT_EQ(refresh(), "TUF-EXPIRED") << "nobody renewed it";
    ASSERT_EQ(publish(), "");
    EXPECT_EQ(names_.size(), day == 4 || day == 8 ? 2U : 1U) << day;
    EXPECT_EQ(refresh(), "");
  }
  EXPECT_EQ(store_.version("timestamp"), 9);
  EXPECT_EQ(store_.version("snapshot"), 3);
  clock_.advance(std::chrono::hours(24 * 90));
  EXPECT_EQ(publish(), "TUF-EXPIRED") << "an online key prolongs nothing that is offline";
}

// A publisher who forgets a role harms whoever asks for that role's targets, and nobody else.
TEST_F(TufPublication, ARoleThatHasExpiredHoldsUpNoOther) {
  Document targets = next_targets();
  ASSERT_TRUE(set_delegation(targets, {"voice", holder(voice_), {"voice/*"}}));
  ASSERT_TRUE(set_delegation(targets, {"gauge", holder(a_), {"gauge/*"}}));
  stage("targets", targets, {targets_});
  Document voice = new_targets(days(2));
  ASSERT_TRUE(set_target(voice, "voice/1", 1, {}));
  stage("voice", voice, {voice_});
  stage("gauge", new_targets(days(30)), {a_});
  ASSERT_EQ(publish(), "");
  clock_.advance(std::chrono::hours(24 * 3));
  EXPECT_EQ(publish(), "");
  Document gauge = next(published_.targets.at("gauge"));
  ASSERT_TRUE(set_target(gauge, "gauge/1", 1, {}));
  stage("gauge", gauge, {a_});
  EXPECT_EQ(publish(), "");
  EXPECT_EQ(find("gauge/1"), "");
  EXPECT_EQ(find("voice/1"), "TUF-EXPIRED");
  Document lapsed = next(published_.targets.at("voice"));
  lapsed.content.set("expires", to_rfc3339(clock_.now()));
  stage("voice", lapsed, {voice_});
  EXPECT_EQ(publish(), "TUF-EXPIRED") << "nobody publishes one";
}

TEST_F(TufPublication, AnotherOnlineKeySignsSnapshotAndTimestampAnew) {
  const auto stolen = online_;
  online_ = crypto::PrivateKey::generate_ed25519();
  Document root = next_root();
  ASSERT_TRUE(set_holders(root, "snapshot", holder(online_)));
  ASSERT_TRUE(set_holders(root, "timestamp", holder(online_)));
  stage_root(root, {a_, b_});
  online_all_ = {stolen};
  EXPECT_EQ(publish(), "TUF-SIGNATURES");
  online_all_ = {online_};
  ASSERT_EQ(publish(), "");
  EXPECT_EQ(names_, (std::vector<std::string>{"2.root.json", "2.snapshot.json", "timestamp.json"}));
  EXPECT_EQ(refresh(), "");
}

// A thief of the online key drove the versions to their end; the clients forget them with the key.
TEST_F(TufPublication, ARotationLeadsOutOfVersionsThatWereDrivenUp) {
  Document timestamp = read_document(*published_.timestamp).value();
  timestamp.content.set("version", std::numeric_limits<std::int64_t>::max());
  published_.timestamp = served_.files["timestamp.json"] = by(timestamp, {online_});
  ASSERT_EQ(refresh(), "") << "it would not hold otherwise";
  EXPECT_EQ(publish(), "TUF-ROLLBACK");
  online_ = crypto::PrivateKey::generate_p256();
  online_all_ = {online_};
  Document root = next_root();
  ASSERT_TRUE(set_holders(root, "snapshot", holder(online_)));
  ASSERT_TRUE(set_holders(root, "timestamp", holder(online_)));
  stage_root(root, {a_, b_});
  ASSERT_EQ(publish(), "");
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(store_.version("timestamp"), 1);
}

// The machine stopped between two files: the same is done again, with what was published meanwhile.
TEST_F(TufPublication, ClientsFollowWhereverAPublicationWasCutOff) {
  Document targets = next_targets();
  ASSERT_TRUE(set_target(targets, "voice/1", 1, {}));
  stage("targets", targets, {targets_});
  const auto files =
      next_publication(published_, staged_, {online_all_, online_all_}, {}, clock_.now());
  ASSERT_TRUE(files);
  for (const MetadataFile& file : *files) {
    EXPECT_EQ(refresh(), "") << "before " << file.name;
    served_.files[file.name] = file.octets;
  }
  EXPECT_EQ(find("voice/1"), "");
}

}  // namespace
}  // namespace vedette::release::tuf
