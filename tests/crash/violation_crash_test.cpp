// kill -9 while violations are recorded, signed and settled, and models put into quarantine: what
// was acknowledged is there, whole.
#include <iostream>
#include <map>
#include <random>

#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/quarantine.h"
#include "agent/violation_store.h"
#include "testing/temporary_folder.h"
#include "testing/violation_scene.h"

#include "doomed_child.h"

namespace vedette::crash {
namespace {

using agent::Quarantine;
using agent::RecordedViolation;
using agent::ViolationState;
using agent::ViolationStore;

constexpr int kFolders = 6;
constexpr int kKillsPerFolder = 3;
constexpr std::size_t kMostAcknowledgements = 60;
constexpr int kMostViolationsOfOneLife = 40;  // three lives fill no store
constexpr int kLongestDelayMicroseconds = 10'000;
const TimePoint kNow = from_unix_seconds(1'795'438'387);

ledger::Violation event_of(std::uint64_t sequence) {
  ledger::Violation event = testing::forbidden_socket();
  event.call->arguments[5] = sequence;
  for (std::size_t i = 0; i < 8; ++i)
    event.model_root.at(i) = static_cast<std::uint8_t>(sequence >> (8 * i));
  return event;
}

void expect(bool done) {
  if (!done) std::abort();
}

// What was acknowledged, as one number: how far the violation of that number had come.
std::uint64_t step_of(std::uint64_t sequence, ViolationState state) {
  return sequence * 4 + static_cast<std::uint64_t>(state);
}

void live(const std::string& folder, std::uint64_t first, const Acknowledge& acknowledge) {
  const auto store = ViolationStore::load(folder, from_unix_seconds(1));
  const auto quarantine = Quarantine::load(folder);
  expect(store.has_value() && quarantine.has_value());
  for (int i = 0; i < kMostViolationsOfOneLife; ++i) {
    const ledger::Violation event = event_of(first + static_cast<std::uint64_t>(i));
    expect((*quarantine)
               ->add({.model_root = event.model_root,
                      .model = event.model,
                      .release = event.release,
                      .cause = "crash test",
                      .since = kNow})
               .has_value());
    const auto sequence = (*store)->add(event, Epoch{1});
    expect(sequence == first + static_cast<std::uint64_t>(i));
    acknowledge(step_of(*sequence, ViolationState::recorded));
    if (i % 3 == 0) continue;
    expect((*store)->seal(*sequence, "jws " + std::to_string(*sequence)).has_value());
    acknowledge(step_of(*sequence, ViolationState::sealed));
    if (i % 3 == 1) continue;
    expect((*store)->settle({*sequence}, {}).has_value());
    acknowledge(step_of(*sequence, ViolationState::taken));
  }
  for (;;)
    ::pause();
}

std::map<std::uint64_t, RecordedViolation> all_of(const ViolationStore& store) {
  std::map<std::uint64_t, RecordedViolation> all;
  for (const auto state : {ViolationState::recorded, ViolationState::sealed, ViolationState::taken,
                           ViolationState::refused})
    for (const RecordedViolation& one : store.oldest(state, ViolationStore::kMost))
      EXPECT_TRUE(all.emplace(one.sequence, one).second) << "twice: " << one.sequence;
  return all;
}

void expect_whole(const std::string& folder, const std::vector<std::uint64_t>& acknowledged) {
  const auto store = ViolationStore::load(folder, kNow);
  ASSERT_TRUE(store.has_value()) << describe(store.error());
  const auto quarantine = Quarantine::load(folder);
  ASSERT_TRUE(quarantine.has_value()) << describe(quarantine.error());
  const auto all = all_of(**store);
  for (const std::uint64_t step : acknowledged) {
    const auto found = all.find(step / 4);
    ASSERT_NE(found, all.end()) << "lost: " << step / 4;
    EXPECT_GE(static_cast<std::uint64_t>(found->second.state), step % 4);
    EXPECT_TRUE((*quarantine)->contains(event_of(step / 4).model_root));
  }
  for (const auto& [sequence, one] : all) {
    EXPECT_EQ(one.event, event_of(sequence));
    EXPECT_EQ(one.jws,
              one.state == ViolationState::recorded ? "" : "jws " + std::to_string(sequence));
    EXPECT_TRUE((*quarantine)->contains(one.event.model_root)) << "a violation without quarantine";
  }
}

TEST(ViolationCrash, NoAcknowledgedViolationOrQuarantineIsLostAfterKill9) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> enough(0, kMostAcknowledgements);
  std::uniform_int_distribution<int> delay(0, kLongestDelayMicroseconds);
  std::size_t total = 0;
  for (int f = 0; f < kFolders; ++f) {
    const TemporaryFolder folder;
    std::vector<std::uint64_t> acknowledged;
    std::uint64_t first = 1;
    for (int kill = 0; kill < kKillsPerFolder; ++kill) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", folder " + std::to_string(f) + ", kill " +
                   std::to_string(kill));
      const Doom doom{enough(random), std::chrono::microseconds(delay(random))};
      const auto round = run_and_kill(
          doom, [&](const Acknowledge& acknowledge) { live(folder.path(), first, acknowledge); });
      acknowledged.insert(acknowledged.end(), round.begin(), round.end());
      expect_whole(folder.path(), acknowledged);
      const auto all = all_of(**ViolationStore::load(folder.path(), kNow));
      first = all.empty() ? 1 : all.rbegin()->first + 1;
    }
    total += acknowledged.size();
  }
  std::cout << total << " acknowledged steps, " << kFolders * kKillsPerFolder << " kills\n";
}

}  // namespace
}  // namespace vedette::crash
