#include "release/tuf/updater_fixture.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

class TufSearch : public UpdaterFixture {
 protected:
  void publish(std::vector<std::string> delegated) {
    for (const char* role : {"targets", "snapshot", "timestamp"})
      delegated.emplace_back(role);
    repository_.publish(delegated);
  }
  // What a search asked for, besides the top-level roles.
  [[nodiscard]] std::string visited() const {
    std::string names;
    for (const std::string& request : fetcher_.requests)
      if (request.starts_with("1.") && request != "1.root.json") names += request.substr(2, 1);
    return names;
  }
};

TEST_F(TufSearch, RefusesHostileNamesBeforeAnyRequest) {
  for (const char* bad : {"../x", "/x", "a\\b", ""})
    EXPECT_EQ(find(bad), "TUF-TARGET-NAME") << bad;
  EXPECT_TRUE(fetcher_.requests.empty());
}

TEST_F(TufSearch, RefusesAHostileNameThatIsListed) {
  repository_.add_target("targets", "../escape", "content");
  publish({});
  EXPECT_EQ(find("../escape"), "TUF-TARGET-NAME");
}

TEST_F(TufSearch, EndsACycleAndADiamond) {
  repository_.delegate("targets", {{"a", "*"}, {"b", "*"}});
  repository_.delegate("a", {{"c", "*"}});
  repository_.delegate("b", {{"c", "*"}});
  repository_.delegate("c", {{"a", "*"}, {"b", "*"}});
  publish({"a", "b", "c"});
  EXPECT_EQ(find("none"), "TUF-NO-TARGET");
  EXPECT_EQ(visited(), "acb");
}

TEST_F(TufSearch, RefusesToAskMoreThan32Roles) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.push_back("r" + std::to_string(i));
    repository_.delegate(i == 0 ? "targets" : names[names.size() - 2], {{names.back(), "*"}});
  }
  repository_.add_target("r31", "last", "x");
  repository_.add_target("r32", "beyond", "x");
  publish(names);
  EXPECT_EQ(find("none"), "TUF-DELEGATIONS");
  EXPECT_EQ(find("beyond"), "TUF-DELEGATIONS");
  EXPECT_EQ(find("last"), "");
}

// CVE-2025-2886.
TEST_F(TufSearch, ATerminatingDelegationHidesWhatComesAfterIt) {
  const Signer a = repository_["a"].signers[0];
  const Signer b = repository_["b"].signers[0];
  repository_["targets"].delegations =
      delegations({a, b}, {delegated_role("a", a, "secret*", true), delegated_role("b", b, "*")});
  repository_.add_target("b", "secret", "forged");
  repository_.add_target("b", "open", "content");
  publish({"a", "b"});
  EXPECT_EQ(find("secret"), "TUF-NO-TARGET");
  EXPECT_EQ(find("open"), "");
}

// Nor may the delegators further up be asked: 5.6.7.2.1 ends the whole search.
TEST_F(TufSearch, ATerminatingDelegationFurtherDownHidesWhatWasToBeAskedLater) {
  const Signer c = repository_["c"].signers[0];
  repository_.delegate("targets", {{"a", "*"}, {"b", "*"}});
  repository_["a"].delegations = delegations({c}, {delegated_role("c", c, "secret*", true)});
  repository_.add_target("b", "secret", "forged");
  repository_.add_target("b", "open", "content");
  publish({"a", "b", "c"});
  EXPECT_EQ(find("secret"), "TUF-NO-TARGET");
  EXPECT_EQ(visited(), "ac");
  EXPECT_EQ(find("open"), "");
}

TEST_F(TufSearch, ARoleSpeaksOnlyOfItsPaths) {
  repository_.delegate("targets", {{"a", "a/*"}});
  repository_.delegate("a", {{"c", "*/*"}});
  repository_.add_target("a", "b/file", "forged");
  repository_.add_target("c", "b/other", "forged");
  repository_.add_target("c", "a/file", "content");
  publish({"a", "c"});
  EXPECT_EQ(find("b/file"), "TUF-NO-TARGET");
  EXPECT_EQ(find("b/other"), "TUF-NO-TARGET") << "not delegated by all on the way";
  EXPECT_EQ(find("a/file"), "");
}

// CVE-2026-6967: a delegated role is held to all that the top-level one is.
TEST_F(TufSearch, RefusesADelegatedRoleThatIsExpiredChangedOrUnsigned) {
  repository_.promise_hashes = true;
  repository_.delegate("targets", {{"a", "*"}});
  repository_.add_target("a", "file", "content");
  repository_["a"].expires = kEarlier;
  publish({"a"});
  EXPECT_EQ(find("file"), "TUF-EXPIRED");
  repository_["a"].expires = kLater;
  publish({"a"});
  repository_.files["2.a.json"].push_back('\n');
  EXPECT_EQ(find("file"), "TUF-SIZE") << "beyond the promised length";
  repository_.files["2.a.json"].back() = 0;
  repository_.files["2.a.json"].pop_back();
  repository_.files["2.a.json"].back() = ' ';
  EXPECT_EQ(find("file"), "TUF-HASH");
  repository_["a"].signers = {new_signer()};
  publish({"a"});
  EXPECT_EQ(find("file"), "TUF-SIGNATURES");
  EXPECT_EQ(store_.version("a"), 0);
}

// A threshold of two, where the delegator's own keys are told apart from its delegate's.
TEST_F(TufSearch, RefusesADelegationBelowItsThreshold) {
  const Signer a = repository_["a"].signers[0];
  Json role = delegated_role("a", a, "*");
  role.set("threshold", 2);
  repository_["targets"].delegations = delegations({a}, {role});
  repository_.add_target("a", "file", "content");
  publish({"a"});
  EXPECT_EQ(find("file"), "TUF-SIGNATURES");
}

TEST_F(TufSearch, RefusesARoleThatTheSnapshotDoesNotList) {
  repository_.delegate("targets", {{"a", "*"}});
  publish({});
  EXPECT_EQ(find("file"), "TUF-NOT-IN-SNAPSHOT");
  EXPECT_EQ(visited(), "");
}

// Two delegators trust different keys for one role: what satisfied one says nothing to the other,
// neither in memory nor on disk.
TEST_F(TufSearch, ACachedRoleIsVerifiedAgainstItsPresentDelegator) {
  const Signer shared = repository_["s"].signers[0];
  const Signer other = new_signer();
  repository_.delegate("targets", {{"a", "a/*"}, {"b", "b/*"}});
  repository_["a"].delegations = delegations({shared}, {delegated_role("s", shared, "a/*")});
  repository_["b"].delegations = delegations({other}, {delegated_role("s", other, "b/*")});
  repository_.add_target("s", "a/file", "content");
  repository_.add_target("s", "b/file", "forged");
  publish({"a", "b", "s"});
  Updater updater(fetcher_, store_, clock_, kUrls);
  EXPECT_EQ(code(updater.find("a/file")), "");
  EXPECT_EQ(code(updater.find("b/file")), "TUF-SIGNATURES");
  EXPECT_EQ(code(updater.find("a/file")), "") << "still";
  EXPECT_EQ(find("b/file"), "TUF-SIGNATURES") << "by a new client, from the disk";
}

TEST_F(TufSearch, RoleNamesAreEscapedInUrls) {
  repository_.delegate("targets", {{"../a?#", "*"}});
  publish({"../a?#"});
  EXPECT_EQ(find("file"), "TUF-NOT-FOUND");
  EXPECT_EQ(fetcher_.requests.back(), "1...%2Fa%3F%23.json");
}

TEST_F(TufSearch, RefusesATargetThatIsLongerShorterOrAnother) {
  repository_.add_target("targets", "dir/file", "content");
  publish({});
  Updater updater(fetcher_, store_, clock_, kUrls);
  const auto target = updater.find("dir/file");
  ASSERT_TRUE(target) << describe(target.error());
  std::string got;
  const auto keep = [&](ByteView piece) -> Result<void> {
    got += as_text(piece);
    return {};
  };
  Bytes& served = repository_.files[target->hashes[0].second + ".file"];
  served = to_bytes("contents");
  EXPECT_EQ(code(updater.download(*target, keep)), "TUF-LENGTH");
  EXPECT_EQ(got, "") << "not one octet of what is too long";
  served = to_bytes("conten");
  EXPECT_EQ(code(updater.download(*target, keep)), "TUF-LENGTH");
  served = to_bytes("Content");
  EXPECT_EQ(code(updater.download(*target, keep)), "TUF-HASH");
  fetcher_.endless = target->hashes[0].second + ".file";
  EXPECT_EQ(code(updater.download(*target, keep)), "TUF-LENGTH");
  fetcher_.endless.clear();
  served = to_bytes("content");
  got.clear();
  EXPECT_EQ(code(updater.download(*target, keep)), "");
  EXPECT_EQ(got, "content");
}

TEST_F(TufSearch, AsksForNoTargetThatIsLargerThanAnyMayBe) {
  Json target = target_json("content");
  target.set("length", std::int64_t{INT64_MAX});
  repository_["targets"].targets.set("file", target);
  publish({});
  Updater updater(fetcher_, store_, clock_, kUrls);
  const auto found = updater.find("file");
  ASSERT_TRUE(found) << describe(found.error());
  const std::size_t requests = fetcher_.requests.size();
  EXPECT_EQ(code(updater.download(*found, [](ByteView) { return Result<void>{}; })), "TUF-SIZE");
  EXPECT_EQ(fetcher_.requests.size(), requests);
}

TEST_F(TufSearch, RefusesHashesOfUnknownKindsAlone) {
  repository_["targets"].targets.set(
      "file", Json::Object{{"length", 1}, {"hashes", Json::Object{{"md5", "aa"}}}});
  publish({});
  Updater updater(fetcher_, store_, clock_, kUrls);
  const auto target = updater.find("file");
  ASSERT_TRUE(target);
  EXPECT_EQ(code(updater.download(*target, [](ByteView) { return Result<void>{}; })), "TUF-HASH");
}

TEST_F(TufSearch, AsksForPlainNamesWhereSnapshotsAreNotConsistent) {
  repository_.consistent_snapshot = false;
  repository_.delegate("targets", {{"a", "dir/*"}});
  repository_.add_target("a", "dir/file", "content");
  repository_.publish({"root"});
  publish({"a"});
  Updater updater(fetcher_, store_, clock_, kUrls);
  const auto target = updater.find("dir/file");
  ASSERT_TRUE(target) << describe(target.error());
  EXPECT_EQ(code(updater.download(*target, [](ByteView) { return Result<void>{}; })), "");
  EXPECT_EQ(fetcher_.requests, Roles({"2.root.json", "3.root.json", "timestamp.json",
                                      "snapshot.json", "targets.json", "a.json", "file"}));
}

TEST_F(TufSearch, FindsAmongSuccinctRoles) {
  const std::string bin = "bin-" + to_hex(crypto::sha256(as_bytes("file"))).substr(0, 1);
  const Signer signer = repository_[bin].signers[0];
  repository_["targets"].delegations =
      Json::Object{{"keys", keys_json({signer})},
                   {"succinct_roles", Json::Object{{"keyids", ids_json({signer})},
                                                   {"threshold", 1},
                                                   {"bit_length", 4},
                                                   {"name_prefix", "bin"}}}};
  repository_.add_target(bin, "file", "content");
  publish({bin});
  EXPECT_EQ(find("file"), "");
}

}  // namespace
}  // namespace vedette::release::tuf
