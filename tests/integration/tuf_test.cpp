// A TUF repository on the real server: who may read it, what a path can reach, and its upkeep.
#include <thread>

#include "agent/listed_releases.h"
#include "platform/tuf/metadata_folder.h"
#include "release/tuf/metadata.h"
#include "testing/tuf_scene.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using namespace std::chrono_literals;

struct Repository {
  SystemClock now;
  testing::TufScene scene{now};
};

// The server's lifetimes are twice the repository's: what is published is due at once.
class TufRoutes : protected Repository, public ControlPlane {
 protected:
  TufRoutes()
      : ControlPlane(
            [this](server::ServerConfig& config) {
              config.tuf.repository = scene.path();
              config.tuf.online_key = folder_ / "online.key";
              config.tuf.timestamp_lifetime = 48h;
              const auto custody = server::KeyCustody::open(config.keys, nullptr);
              if (!custody->write(config.tuf.online_key, scene.online))
                throw std::runtime_error("online.key");
            },
            50ms) {}

  [[nodiscard]] std::int64_t timestamp_version() const {
    return release::tuf::parse_timestamp(scene.metadata("timestamp.json"))->version;
  }
  [[nodiscard]] bool wait_until(const std::function<bool()>& condition) const {
    for (int i = 0; i < 500; ++i, std::this_thread::sleep_for(20ms))
      if (condition()) return true;
    return false;
  }
};

TEST_F(TufRoutes, OnlyEnrolledDevicesAreAnswered) {
  const std::string file = "/v1/tuf/metadata/1.root.json";
  EXPECT_EQ(get(*client(server_->ports().device, {}, publisher_), file), "NET-TLS");
  EXPECT_EQ(get(*enrollment_client(), file), "HTTP-NOT-FOUND");
  EXPECT_EQ(get(*operator_client(), file), "HTTP-NOT-FOUND");
  const auto drone = device_client("drone");
  EXPECT_EQ(get(*drone, file), "");
  ASSERT_EQ(post(*operator_client(), "/v1/devices/drone/quarantine", R"({"reason":"test"})"), "");
  EXPECT_EQ(get(*drone, file), "AUTH-QUARANTINED");
}

TEST_F(TufRoutes, NoPathLeavesTheRepository) {
  scene.stage_unsigned("voice/9.json");
  const auto drone = device_client("drone");
  for (const char* path :
       {"metadata/../staged/voice.json", "metadata/..%2fstaged%2fvoice.json", "metadata/",
        "metadata/%2e%2e%2fstaged%2fvoice.json", "metadata/voice.json", "metadata/online.key",
        "metadata/1.root.json/", "metadata//1.root.json", "targets/", "targets/..",
        "targets/../staged/voice.json", "targets/voice/../../staged/voice.json",
        "targets//etc/passwd", "targets/%2fetc%2fpasswd", "targets/voice", "staged/voice.json"})
    EXPECT_EQ(get(*drone, "/v1/tuf/" + std::string(path)), "HTTP-NOT-FOUND") << path;
  EXPECT_EQ(post(*drone, "/v1/tuf/metadata/1.root.json", "{}"), "HTTP-METHOD");
}

TEST_F(TufRoutes, FilesAreGivenOctetByOctet) {
  scene.list("voice/4.json", "content");
  const auto drone = device_client("drone");
  const auto root = drone->send(platform::get_request("/v1/tuf/metadata/1.root.json"));
  ASSERT_TRUE(root.has_value()) << describe(root.error());
  EXPECT_EQ(root->body, scene.metadata("1.root.json"));
  const auto target = drone->send(platform::get_request(
      "/v1/tuf/targets/voice/" + to_hex(crypto::sha256(as_bytes("content"))) + ".4.json"));
  ASSERT_TRUE(target.has_value()) << describe(target.error());
  EXPECT_EQ(as_text(target->body), "content");
}

TEST_F(TufRoutes, TheServerRenewsAndTellsWhatItIsRefused) {
  ASSERT_TRUE(wait_until([&] { return timestamp_version() > 1; }));
  const auto status = [&] {
    const auto answer = operator_client()->send(platform::get_request("/v1/status"));
    return *platform::read_json_answer(*answer)->find("tuf");
  };
  EXPECT_EQ(status().find("refused"), nullptr);
  EXPECT_EQ(status().boolean("renews"), true);
  scene.rotate_online_key();
  restart();
  ASSERT_TRUE(wait_until([&] { return status().find("refused") != nullptr; }));
  EXPECT_NE(status().string("refused")->find("TUF-SIGNATURES"), std::string::npos);
}

// The device's way: its connection, its state, the server's files.
TEST_F(TufRoutes, ADeviceFollowsWhatItsPublisherListsAndTakesBack) {
  agent::AgentConfig config;
  config.state_folder = folder_.path();
  config.tuf_root = scene.file("1.root.json");
  auto list = agent::ListedReleases::load(
      config,
      [](const std::string& folder) -> Result<std::unique_ptr<release::tuf::MetadataStore>> {
        VEDETTE_TRY(platform::WholeFiles files, platform::WholeFiles::open(folder));
        return std::make_unique<platform::MetadataFolder>(std::move(files));
      });
  ASSERT_TRUE(list.has_value()) << describe(list.error());
  const auto drone = device_client("drone");
  const ModelName voice = *ModelName::parse("voice");
  const std::string no_verdict;
  const auto check = [&] {
    agent::ListedReleases::Round round(*list, *drone, no_verdict, clock_);
    const auto counts = round.check(voice, 4, "statement");
    return counts ? std::string() : counts.error().code;
  };
  EXPECT_EQ(check(), "REL-UNLISTED");
  scene.list("voice/4.json", "statement");
  EXPECT_EQ(check(), "");
  scene.take_back("voice/4.json");
  EXPECT_EQ(check(), "REL-UNLISTED");
}

class WithoutTuf : public ControlPlane {};

TEST_F(WithoutTuf, AServerThatServesNoRepositorySaysSo) {
  const auto drone = device_client("drone");
  for (const char* path : {"metadata/1.root.json", "metadata/timestamp.json", "targets/voice/x"})
    EXPECT_EQ(get(*drone, "/v1/tuf/" + std::string(path)), "HTTP-NOT-FOUND");
  const auto status = operator_client()->send(platform::get_request("/v1/status"));
  EXPECT_EQ(platform::read_json_answer(*status)->find("tuf"), nullptr);
}

}  // namespace
}  // namespace vedette
