// kill -9 while units of work are written: what was acknowledged is there, whole.
#include <algorithm>
#include <atomic>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "platform/store/sqlite/database.h"
#include "platform/store/sqlite/sqlite_store.h"
#include "platform/store/store_samples.h"

#include "doomed_child.h"

namespace vedette::crash {
namespace {

using ledger::TreeHash;
using platform::UnitOfWork;

constexpr int kDatabases = 10;
constexpr int kKillsPerDatabase = 6;
constexpr std::size_t kMostAcknowledgements = 40;
constexpr int kLongestDelayMicroseconds = 10'000;
constexpr int kWriters = 4;

TreeHash parent_of(const TreeHash& left, const TreeHash& right) {
  Bytes both = to_bytes(left);
  append(both, right);
  return crypto::sha256(both);
}

// One device and its entry in the log, with every subtree that the entry completes.
Result<void> write_pair(UnitOfWork& unit, std::uint64_t number) {
  const auto device = platform::samples::device(number);
  VEDETTE_CHECK(unit.devices().save(device));
  VEDETTE_TRY(std::uint64_t index, unit.log().size());
  VEDETTE_CHECK(unit.log().add_entry(index, as_bytes(device.id.str())));
  TreeHash hash = crypto::sha256(as_bytes(device.id.str()));
  VEDETTE_CHECK(unit.log().add_node(0, index, hash));
  for (unsigned level = 1; index % 2 == 1; ++level) {
    VEDETTE_TRY(const TreeHash left, unit.log().node(level - 1, index - 1));
    hash = parent_of(left, hash);
    index /= 2;
    VEDETTE_CHECK(unit.log().add_node(level, index, hash));
  }
  return {};
}

// Writes pairs from several threads, numbered from `first`, for ever.
void write_pairs(const std::string& path, std::uint64_t first, const Acknowledge& acknowledge) {
  const auto store = platform::open_sqlite_store(path);
  if (!store) return;
  std::atomic<std::uint64_t> next = first;
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i)
    writers.emplace_back([&] {
      for (;;) {
        const std::uint64_t number = next++;
        const auto written =
            (*store)->write([&](UnitOfWork& unit) { return write_pair(unit, number); });
        if (!written) std::abort();
        acknowledge(number);
      }
    });
  for (auto& writer : writers)
    writer.join();
}

// The nodes of every level are those of the entries, and no other.
Result<void> expect_nodes(UnitOfWork& unit, std::vector<TreeHash> hashes) {
  for (unsigned level = 0; !hashes.empty(); ++level) {
    for (std::uint64_t i = 0; i < hashes.size(); ++i) {
      VEDETTE_TRY(const TreeHash stored, unit.log().node(level, i));
      EXPECT_EQ(stored, hashes[i]) << "level " << level << ", node " << i;
    }
    EXPECT_FALSE(unit.log().node(level, hashes.size()).has_value());
    std::vector<TreeHash> above;
    for (std::size_t i = 0; i + 1 < hashes.size(); i += 2)
      above.push_back(parent_of(hashes[i], hashes[i + 1]));
    hashes = std::move(above);
  }
  return {};
}

Result<void> expect_whole(UnitOfWork& unit, const std::vector<std::uint64_t>& acknowledged) {
  VEDETTE_TRY(const auto devices, unit.devices().list());
  std::set<std::string> names;
  for (const auto& device : devices)
    names.insert(device.id.str());
  for (const std::uint64_t number : acknowledged)
    EXPECT_TRUE(names.contains("d-" + std::to_string(number))) << "lost: " << number;

  VEDETTE_TRY(const auto size, unit.log().size());
  EXPECT_EQ(size, names.size());
  std::vector<TreeHash> leaves;
  for (std::uint64_t i = 0; i < size; ++i) {
    VEDETTE_TRY(const Bytes entry, unit.log().entry(i));
    EXPECT_EQ(names.erase(std::string(as_text(entry))), 1) << "an entry without its device";
    leaves.push_back(crypto::sha256(entry));
  }
  EXPECT_TRUE(names.empty()) << "a device without its entry: " << *names.begin();
  return expect_nodes(unit, std::move(leaves));
}

void expect_intact_file(const std::string& path) {
  auto database = platform::sqlite::Database::open(path, platform::sqlite::Access::read_only);
  ASSERT_TRUE(database.has_value()) << describe(database.error());
  auto check = (*database)->query("PRAGMA integrity_check").value();
  ASSERT_TRUE(check.next().value());
  EXPECT_EQ(check.text(0).value(), "ok");
}

// One more than the highest number that was tried and kept.
Result<std::uint64_t> next_number(UnitOfWork& unit) {
  std::uint64_t highest = 0;
  VEDETTE_TRY(const auto devices, unit.devices().list());
  for (const auto& device : devices)
    highest = std::max(highest, device.epoch.value);
  return highest + 1;
}

TEST(StoreCrash, EveryAcknowledgedPairSurvivesKill9) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> enough(0, kMostAcknowledgements);
  std::uniform_int_distribution<int> delay(0, kLongestDelayMicroseconds);
  std::size_t total = 0;
  for (int d = 0; d < kDatabases; ++d) {
    const platform::samples::Folder folder;
    const std::string path = folder.file("store.db");
    std::vector<std::uint64_t> acknowledged;
    std::uint64_t first = 0;
    for (int kill = 0; kill < kKillsPerDatabase; ++kill) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", database " + std::to_string(d) + ", kill " +
                   std::to_string(kill));
      // The first child of a database may die while it makes it.
      const Doom doom{kill == 0 ? 0 : enough(random), std::chrono::microseconds(delay(random))};
      const auto round = run_and_kill(
          doom, [&](const Acknowledge& acknowledge) { write_pairs(path, first, acknowledge); });
      acknowledged.insert(acknowledged.end(), round.begin(), round.end());

      const auto store = platform::open_sqlite_store(path);
      ASSERT_TRUE(store.has_value()) << describe(store.error());
      const auto read = (*store)->read([&](UnitOfWork& unit) -> Result<void> {
        VEDETTE_CHECK(expect_whole(unit, acknowledged));
        VEDETTE_TRY(first, next_number(unit));
        return {};
      });
      ASSERT_TRUE(read.has_value()) << describe(read.error());
      expect_intact_file(path);
    }
    total += acknowledged.size();
  }
  std::cout << total << " acknowledged pairs, " << kDatabases * kKillsPerDatabase << " kills\n";
}

}  // namespace
}  // namespace vedette::crash
