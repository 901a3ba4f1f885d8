// Which releases count, from a control plane that may be hostile and a repository that it serves.
#include "agent/listed_releases.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "agent/fetch.h"
#include "codec/json.h"
#include "platform/tuf/metadata_folder.h"
#include "release/oms_bundle.h"
#include "release/release_statement.h"
#include "release/tuf/served_files.h"
#include "testing/fake_clock.h"
#include "testing/register_tpm.h"
#include "testing/tuf_scene.h"

namespace vedette::agent {
namespace {

using codec::Json;
using std::chrono::hours;
namespace tuf = release::tuf;

// Serves the scene's repository, and one release.
class ControlPlane final : public platform::HttpClient {
 public:
  explicit ControlPlane(std::string repository) : files_(std::move(repository)) {}

  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    requests.push_back(request.target);
    platform::HttpResponse response;
    response.body = to_bytes(codec::to_json(release));
    return response;
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& sink) override {
    requests.push_back(request.target);
    bearers.insert(request.header("authorization"));
    platform::HttpResponse response;
    if (!refusal.empty()) {
      response.status = 403;
      response.body = to_bytes(R"({"error":{"code":")" + refusal + R"(","message":"no"}})");
      return response;
    }
    const auto octets = files_.metadata(request.target.substr(request.target.rfind('/') + 1));
    if (!octets) return std::unexpected(octets.error());
    if (!*octets) {
      response.status = 404;
      return response;
    }
    VEDETTE_CHECK(sink(**octets));
    return response;
  }
  Result<Bytes> channel_binding() override { return Bytes{}; }
  bool connected() override { return true; }

  [[nodiscard]] std::ptrdiff_t asked_for(std::string_view ending) const {
    return std::ranges::count_if(
        requests, [&](const std::string& request) { return request.ends_with(ending); });
  }

  Json release;
  std::string refusal;
  std::vector<std::string> requests;
  std::set<std::string> bearers;

 private:
  tuf::ServedFiles files_;
};

Result<std::unique_ptr<tuf::MetadataStore>> open_store(const std::string& folder) {
  VEDETTE_TRY(platform::WholeFiles files, platform::WholeFiles::open(folder));
  return std::make_unique<platform::MetadataFolder>(std::move(files));
}

template <class T>
std::string code(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class AgentListed : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.state_folder = state_.path();
    config_.tuf_root = state_ / "1.root.json";
    ASSERT_TRUE(write_file_atomically(config_.tuf_root, scene_.metadata("1.root.json"), 0644));
    start_again();
  }
  // As a restart of the agent does.
  void start_again() {
    list_ = {};
    auto list = ListedReleases::load(config_, open_store);
    ASSERT_TRUE(list.has_value()) << describe(list.error());
    list_ = *std::move(list);
  }
  [[nodiscard]] std::string check(std::uint64_t release, std::string_view statement = "signed") {
    ListedReleases::Round round(list_, server_, ear_, clock_);
    return code(round.check(voice_, release, statement));
  }
  [[nodiscard]] std::size_t taken_back(std::uint64_t release) {
    ListedReleases::Round round(list_, server_, ear_, clock_);
    return round.taken_back({{voice_, release}}).size();
  }
  // A file of metadata whose content is changed and which this key signs.
  [[nodiscard]] Bytes forged(const std::string& name, const crypto::PrivateKey& key,
                             const std::function<void(Json&)>& change) const {
    auto document = tuf::read_document(scene_.metadata(name)).value();
    change(document.content);
    document.signatures.clear();
    EXPECT_TRUE(tuf::sign_document(document, key));
    return tuf::write_document(document);
  }
  // What a thief of the online key can put before clients: these roles, as he likes them.
  void serve_snapshot(std::int64_t version, const std::map<std::string, Bytes>& roles) {
    const auto promise = [](const Bytes& octets, std::int64_t its_version) {
      return Json(
          Json::Object{{"version", its_version},
                       {"length", std::uint64_t{octets.size()}},
                       {"hashes", Json::Object{{"sha256", to_hex(crypto::sha256(octets))}}}});
    };
    Json meta = Json::Object{};
    for (const auto& [role, octets] : roles)
      meta.set(role + ".json", promise(octets, tuf::parse_targets(octets)->version));
    const Bytes snapshot = forged("1.snapshot.json", scene_.online, [&](Json& content) {
      content.set("version", version).set("meta", meta);
    });
    scene_.overwrite(std::to_string(version) + ".snapshot.json", snapshot);
    scene_.overwrite("timestamp.json", forged("timestamp.json", scene_.online, [&](Json& content) {
                       content.set("version", version);
                       content.set("meta",
                                   Json::Object{{"snapshot.json", promise(snapshot, version)}});
                     }));
  }

  FakeClock clock_;
  testing::TufScene scene_{clock_};
  TemporaryFolder state_;
  AgentConfig config_;
  ControlPlane server_{scene_.path()};
  std::string ear_ = "ear";
  ModelName voice_ = *ModelName::parse("voice");
  ListedReleases list_;
};

TEST_F(AgentListed, RefusesToBeginWithWhatIsNoRoot) {
  ASSERT_TRUE(write_file_atomically(config_.tuf_root, as_bytes("{}"), 0644));
  EXPECT_EQ(code(ListedReleases::load(config_, open_store)), "TUF-SYNTAX");
  ASSERT_TRUE(write_file_atomically(config_.tuf_root, scene_.metadata("1.targets.json"), 0644));
  EXPECT_EQ(code(ListedReleases::load(config_, open_store)), "TUF-TYPE");
  config_.tuf_root = state_ / "nothing";
  EXPECT_EQ(code(ListedReleases::load(config_, open_store)), "FILE-OPEN");
}

TEST_F(AgentListed, RefusesAReleaseThatNoRoleLists) {
  EXPECT_EQ(check(4), "REL-UNLISTED");
  scene_.list("voice/4.json", "signed");
  EXPECT_EQ(check(5), "REL-UNLISTED");
  EXPECT_EQ(check(4), "");
  scene_.take_back("voice/4.json");
  EXPECT_EQ(check(4), "REL-UNLISTED");
}

TEST_F(AgentListed, RefusesOtherOctetsThanTheListedOnes) {
  scene_.list("voice/4.json", "signed");
  for (const char* other : {"", "signe", "Signed", "signed ", "signed\n"})
    EXPECT_EQ(check(4, other), "REL-LISTED-OTHER") << other;
  EXPECT_EQ(check(4), "");
}

TEST_F(AgentListed, RefusesToBeFrozen) {
  scene_.list("voice/4.json", "signed");
  ASSERT_EQ(check(4), "");
  clock_.advance(hours(25));
  EXPECT_EQ(check(4), "TUF-EXPIRED");
  EXPECT_EQ(taken_back(4), 0U) << "what runs goes on";
}

TEST_F(AgentListed, RefusesAnOlderTimestampAfterARestartToo) {
  const Bytes before = scene_.metadata("timestamp.json");
  scene_.list("voice/4.json", "signed");
  ASSERT_EQ(check(4), "");
  scene_.overwrite("timestamp.json", before);
  EXPECT_EQ(check(4), "TUF-ROLLBACK");
  start_again();
  EXPECT_EQ(check(4), "TUF-ROLLBACK");
}

TEST_F(AgentListed, RefusesARootThatTheFormerKeysDidNotSign) {
  scene_.list("voice/4.json", "signed");
  ASSERT_EQ(check(4), "");
  const auto thief = crypto::PrivateKey::generate_p256();
  scene_.overwrite("2.root.json", forged("1.root.json", thief,
                                         [](Json& root) { root.set("version", std::int64_t{2}); }));
  EXPECT_EQ(check(4), "TUF-SIGNATURES");
}

// Whoever has the key that renews: a list of his own is signed by no publisher, one from before is
// older, and one that leaves the publisher out has lost a role.
TEST_F(AgentListed, AThiefOfTheOnlineKeyListsNothingAndBringsNothingBack) {
  scene_.list("voice/4.json", "signed");
  const Bytes targets = scene_.metadata("1.targets.json");
  const Bytes before = scene_.metadata("2.voice.json");
  scene_.take_back("voice/4.json");
  ASSERT_EQ(check(4), "REL-UNLISTED");
  const Bytes own = forged("2.voice.json", scene_.online,
                           [](Json& role) { role.set("version", std::int64_t{4}); });
  scene_.overwrite("4.voice.json", own);
  serve_snapshot(10, {{"targets", targets}, {"voice", own}});
  EXPECT_EQ(check(4), "TUF-SIGNATURES");
  serve_snapshot(11, {{"targets", targets}, {"voice", before}});
  EXPECT_EQ(check(4), "TUF-ROLLBACK");
  serve_snapshot(12, {{"targets", targets}});
  EXPECT_EQ(check(4), "TUF-ROLLBACK");
}

TEST_F(AgentListed, AReleaseThatRunsIsTakenBackByItsPublisherAlone) {
  scene_.list("voice/4.json", "signed");
  ASSERT_EQ(check(4), "");
  EXPECT_EQ(taken_back(4), 0U);
  server_.refusal = "AUTH-FORBIDDEN";
  EXPECT_EQ(taken_back(4), 0U) << "nothing was heard";
  server_.refusal.clear();
  scene_.take_back("voice/4.json");
  EXPECT_EQ(taken_back(4), 1U);
  EXPECT_EQ(taken_back(4), 1U) << "until it is stopped";
}

TEST_F(AgentListed, AReleaseWhoseNumberMeansAnotherNowIsTakenBack) {
  scene_.list("voice/4.json", "signed");
  ASSERT_EQ(check(4), "");
  scene_.list("voice/4.json", "another");
  EXPECT_EQ(taken_back(4), 1U);
  EXPECT_EQ(check(4), "REL-LISTED-OTHER");
}

// It was let pass by an agent that remembers nothing of it: its name has to be listed still.
TEST_F(AgentListed, WhatRunsAndWasNotSeenToPassIsTakenBackByItsName) {
  scene_.list("voice/4.json", "signed");
  EXPECT_EQ(taken_back(4), 0U);
  EXPECT_EQ(taken_back(3), 1U);
}

TEST_F(AgentListed, ARoleThatExpiredTakesNothingBackAndLetsNothingPass) {
  scene_.list("voice/4.json", "signed");
  ASSERT_EQ(check(4), "");
  clock_.advance(hours(24 * 91));
  {
    auto folder = tuf::RepositoryFolder::open(scene_.path());
    const auto published = folder->published();
    ASSERT_TRUE(folder->put(*tuf::next_publication(
        *published, {}, {{scene_.online}, {scene_.online}}, {}, clock_.now())));
  }
  EXPECT_EQ(check(4), "TUF-EXPIRED");
  EXPECT_EQ(taken_back(4), 0U);
}

TEST_F(AgentListed, OneRefreshServesAllModelsOfARound) {
  scene_.list("voice/4.json", "signed");
  ListedReleases::Round round(list_, server_, ear_, clock_);
  const auto taken = round.taken_back({{voice_, 3}});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(code(round.check(voice_, 4, "signed")), "");
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_EQ(server_.asked_for("timestamp.json"), 1);
  EXPECT_EQ(server_.asked_for(".voice.json"), 1);
  EXPECT_EQ(server_.bearers, (std::set<std::string>{"Bearer ear"}));
}

TEST_F(AgentListed, ARefusedRefreshIsNotTriedAgainForEachModel) {
  clock_.advance(hours(25));
  ListedReleases::Round round(list_, server_, ear_, clock_);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(code(round.check(voice_, 4, "signed")), "TUF-EXPIRED");
  EXPECT_EQ(server_.asked_for("timestamp.json"), 1);
}

TEST_F(AgentListed, ARepositoryWithoutEndEndsAtTheRoundsLimits) {
  scene_.list("voice/4.json", "signed");
  const auto with = [&](const ListedReleases::Limits& limits) {
    ListedReleases::Round round(list_, server_, ear_, clock_, limits);
    return code(round.check(voice_, 4, "signed"));
  };
  EXPECT_EQ(with({.octets = 1000}), "TUF-SIZE");
  EXPECT_EQ(with({.time = std::chrono::seconds(0)}), "TUF-SLOW");
  EXPECT_EQ(with({}), "");
}

// A verdict that ended must lead to another, and not be taken for a root that is not there.
TEST_F(AgentListed, TheServersOwnNoReachesTheLifecycle) {
  for (const char* refusal : {"AUTH-REVOKED", "EAR-EXPIRED"}) {
    server_.refusal = refusal;
    EXPECT_EQ(check(4), refusal);
  }
}

TEST_F(AgentListed, AServerThatHasNoRepositoryLetsNothingPass) {
  std::filesystem::remove_all(scene_.path());
  EXPECT_EQ(check(4), "TUF-NOT-FOUND");
  EXPECT_EQ(taken_back(4), 0U);
}

TEST_F(AgentListed, WithoutARootEveryReleasePassesAndNobodyIsAsked) {
  config_.tuf_root.clear();
  start_again();
  EXPECT_EQ(check(4), "");
  EXPECT_EQ(taken_back(4), 0U);
  EXPECT_TRUE(server_.requests.empty());
}

TEST_F(AgentListed, FollowsARotationAndRemembersIt) {
  scene_.list("voice/4.json", "signed");
  ASSERT_EQ(check(4), "");
  scene_.rotate_online_key();
  EXPECT_EQ(check(4), "");
  start_again();
  server_.requests.clear();
  EXPECT_EQ(check(4), "");
  EXPECT_EQ(server_.asked_for("/2.root.json"), 0) << "it is known";
}

// The order in fetch_newer(): nobody comes for the file of a release that does not count.
TEST_F(AgentListed, NoFileIsFetchedOfAReleaseThatIsNotListed) {
  const auto file = crypto::sha256(as_bytes("weights"));
  const auto manifest = release::build_manifest("folder", {{.name = "m.onnx", .sha256 = file}});
  const auto publisher = crypto::PrivateKey::generate_p256();
  const release::ReleaseStatement statement{.model = voice_,
                                            .number = 4,
                                            .model_root = manifest->root,
                                            .file_name = "m.onnx",
                                            .file_sha256 = file,
                                            .file_size = 7,
                                            .issued_at = clock_.now()};
  const std::string envelope = *release::sign_release_statement(statement, publisher);
  server_.release =
      Json::Object{{"bundle", *release::sign_model(*manifest, publisher)}, {"statement", envelope}};
  config_.model_max_bytes = 1000;
  config_.worker_memory_bytes = std::uint64_t{512} << 20U;
  config_.inference_deadline = std::chrono::seconds{1};
  testing::RegisterTpm tpm;
  const TemporaryFolder folder;
  const auto floors = ReleaseFloors::load(folder.path(), tpm);
  const auto quarantine = Quarantine::load(folder.path());
  const std::vector publishers{publisher.public_key()};
  ModelFiles files;
  RefusedReleases refused(std::chrono::minutes(1));
  const auto fetch = [&] {
    ListedReleases::Round round(list_, server_, ear_, clock_);
    return code(fetch_newer(server_, ear_,
                            {.config = config_,
                             .publishers = publishers,
                             .floors = *floors,
                             .quarantine = **quarantine,
                             .refused = refused,
                             .clock = clock_},
                            files, round, voice_, {}));
  };
  EXPECT_EQ(fetch(), "REL-UNLISTED");
  EXPECT_EQ(server_.asked_for("?model=voice&release=4"), 0);
  scene_.list("voice/4.json", envelope);
  EXPECT_NE(fetch(), "REL-UNLISTED");
  EXPECT_EQ(server_.asked_for("?model=voice&release=4"), 1);
}

}  // namespace
}  // namespace vedette::agent
