// kill -9 while a TUF repository is published and renewed: its clients follow from wherever it was.
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "platform/tuf/metadata_folder.h"
#include "release/tuf/folder_fetcher.h"
#include "release/tuf/renewal.h"
#include "release/tuf/updater.h"
#include "testing/fake_clock.h"
#include "testing/tuf_scene.h"

#include "doomed_child.h"

namespace vedette::crash {
namespace {

using std::chrono::hours;
namespace tuf = release::tuf;

constexpr int kKills = 20;
constexpr std::size_t kMostAcknowledgements = 6;
constexpr int kLongestDelayMicroseconds = 20'000;

std::uint64_t version_of(const testing::TufScene& scene) {
  return static_cast<std::uint64_t>(
      tuf::parse_timestamp(scene.metadata("timestamp.json"))->version);
}

// By turns an author who lists something and an upkeep that makes a snapshot, and one that does
// not.
void publish_and_renew(testing::TufScene& scene, TimePoint now, const Acknowledge& acknowledge) {
  const tuf::OnlineKeys keys{{scene.online}, {scene.online}};
  for (std::uint64_t turn = 0;; ++turn) {
    const tuf::Lifetimes lives{.snapshot = hours(24 * 7 * (turn % 3 == 1 ? 3 : 1))};
    if (turn % 3 == 0)
      scene.list("voice/" + std::to_string(turn) + ".json", "content");
    else if (!tuf::renew(scene.path(), keys, lives, now))
      std::abort();
    acknowledge(version_of(scene));
  }
}

TEST(TufCrash, ClientsFollowWhereverThePublicationWasKilled) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> enough(0, kMostAcknowledgements);
  std::uniform_int_distribution<int> delay(0, kLongestDelayMicroseconds);
  const FakeClock clock;
  testing::TufScene scene(clock);
  const TemporaryFolder client;
  auto store = platform::MetadataFolder(*platform::WholeFiles::open(client.path()));
  ASSERT_TRUE(tuf::trust_root(store, scene.metadata("1.root.json")));
  tuf::FolderFetcher fetcher(scene.path());
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kill));
    const Doom doom{enough(random), std::chrono::microseconds(delay(random))};
    const auto acknowledged = run_and_kill(doom, [&](const Acknowledge& acknowledge) {
      publish_and_renew(scene, clock.now(), acknowledge);
    });
    const std::uint64_t promised = acknowledged.empty() ? 0 : acknowledged.back();
    EXPECT_GE(version_of(scene), promised);

    tuf::Updater updater(fetcher, store, clock, {"/m", "/t"});
    const auto followed = updater.refresh();
    ASSERT_TRUE(followed.has_value()) << describe(followed.error());
    const auto renewed =
        tuf::renew(scene.path(), {{scene.online}, {scene.online}}, {}, clock.now());
    ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
    const std::string name = "voice/after-" + std::to_string(kill) + ".json";
    scene.list(name, "content");
    tuf::Updater later(fetcher, store, clock, {"/m", "/t"});
    const auto found = later.find(name);
    ASSERT_TRUE(found.has_value()) << describe(found.error());
  }
}

}  // namespace
}  // namespace vedette::crash
