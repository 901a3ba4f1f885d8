// kill -9 while blobs are written: what was acknowledged is there, and nothing is half there.
#include <filesystem>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "crypto/digest.h"
#include "platform/store/files/folder_blob_store.h"
#include "platform/store/store_samples.h"

#include "doomed_child.h"

namespace vedette::crash {
namespace {

constexpr int kKills = 25;
constexpr std::size_t kMostAcknowledgements = 4;
constexpr int kLongestDelayMicroseconds = 10'000;
constexpr std::size_t kLargest = 1'000'000;

// Content that is the number's own, of many sizes.
Bytes content_of(std::uint64_t number) {
  Bytes content = to_bytes("blob " + std::to_string(number));
  content.resize(content.size() + (number * 48'611) % kLargest, 0x5A);
  return content;
}

void put_blobs(const std::string& path, std::uint64_t first, const Acknowledge& acknowledge) {
  const auto store = platform::open_folder_blob_store(path);
  if (!store) return;
  for (std::uint64_t number = first;; ++number) {
    const Bytes content = content_of(number);
    if (!(*store)->put(crypto::sha256(content), content)) std::abort();
    acknowledge(number);
  }
}

// Every file that has a blob's name is that blob, and nothing is left of what was under way.
void expect_whole_files(const std::string& path) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_directory()) continue;
    const auto content = read_file(entry.path(), 2 * kLargest);
    ASSERT_TRUE(content.has_value()) << describe(content.error());
    EXPECT_EQ(entry.path().filename(), to_hex(crypto::sha256(*content)));
  }
}

TEST(BlobCrash, NoBlobIsLostOrHalfThereAfterKill9) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> enough(0, kMostAcknowledgements);
  std::uniform_int_distribution<int> delay(0, kLongestDelayMicroseconds);
  std::size_t total = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kill));
    const platform::samples::Folder folder;
    const std::string path = folder.file("blobs");
    const std::uint64_t first = std::uniform_int_distribution<std::uint64_t>(0, 1'000)(random);
    const Doom doom{enough(random), std::chrono::microseconds(delay(random))};
    const auto acknowledged = run_and_kill(
        doom, [&](const Acknowledge& acknowledge) { put_blobs(path, first, acknowledge); });

    const auto store = platform::open_folder_blob_store(path);
    ASSERT_TRUE(store.has_value()) << describe(store.error());
    expect_whole_files(path);
    for (const std::uint64_t number : acknowledged) {
      const Bytes content = content_of(number);
      EXPECT_EQ((*store)->size(crypto::sha256(content)).value(), content.size()) << number;
    }
    total += acknowledged.size();
  }
  std::cout << total << " acknowledged blobs, " << kKills << " kills\n";
}

}  // namespace
}  // namespace vedette::crash
