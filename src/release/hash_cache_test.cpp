#include "release/hash_cache.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fd.h"
#include "release/model_tree.h"
#include "testing/temporary_folder.h"

namespace vedette::release {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSize = 400'000;

class HashCacheTest : public ::testing::Test {
 protected:
  HashCacheTest() {
    fs::create_directory(folder_ / "model");
    write("a.onnx", 'a');
    write("b.onnx", 'b');
    settle();
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_ / ("model/" + name);
  }
  void write(const std::string& name, char filling, std::size_t size = kSize) const {
    std::ofstream(path(name), std::ios::binary) << std::string(size, filling);
  }
  // So that what was written may be kept.
  static void settle() { ::usleep(2'100'000); }
  // Over an open file, with its old time of modification: only the time of change tells.
  void overwrite_in_place(const std::string& name, off_t place, std::string_view octets) const {
    struct stat before{};
    ASSERT_EQ(::stat(path(name).c_str(), &before), 0);
    const UniqueFd fd(::open(path(name).c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(fd.get(), octets.data(), octets.size(), place),
              static_cast<ssize_t>(octets.size()));
    const timespec times[] = {before.st_atim, before.st_mtim};
    ASSERT_EQ(::futimens(fd.get(), times), 0);
  }

  // What the cache recalled of it, and whether the manifest is what hashing everything gives.
  struct Signing {
    std::size_t recalled = 0;
    bool right = false;
  };
  [[nodiscard]] Signing sign() const {
    auto cache = HashCache::load(cache_path());
    EXPECT_TRUE(cache.has_value()) << describe(cache.error());
    const auto manifest = hash_model(folder_ / "model", {}, &*cache);
    EXPECT_TRUE(cache->save().has_value());
    return {cache->recalled(), manifest->root == hash_model(folder_ / "model")->root};
  }
  [[nodiscard]] std::string cache_path() const { return folder_ / "cache.json"; }
  [[nodiscard]] std::string load_code() const {
    const auto cache = HashCache::load(cache_path());
    return cache ? "" : cache.error().code;
  }

  TemporaryFolder folder_;
};

TEST_F(HashCacheTest, AFileThatChangedInPlaceWithItsOldTimeIsHashed) {
  EXPECT_EQ(sign().recalled, 0U);
  overwrite_in_place("a.onnx", 200'000, "x");
  const Signing again = sign();
  EXPECT_EQ(again.recalled, 1U) << "the other one";
  EXPECT_TRUE(again.right);
}

TEST_F(HashCacheTest, AFileThatTookItsPlaceIsHashed) {
  EXPECT_EQ(sign().recalled, 0U);
  fs::rename(path("a.onnx"), folder_ / "elsewhere");
  fs::rename(path("b.onnx"), path("a.onnx"));
  const Signing again = sign();
  EXPECT_EQ(again.recalled, 0U);
  EXPECT_TRUE(again.right);
}

// Whatever a file system says of times, the sample is compared.
TEST_F(HashCacheTest, AnotherContentUnderTheSameStateIsHashed) {
  EXPECT_EQ(sign().recalled, 0U);
  write("a.onnx", 'c');
  settle();
  struct stat state{};
  ASSERT_EQ(::stat(path("a.onnx").c_str(), &state), 0);
  const UniqueFd fd(::open(path("b.onnx").c_str(), O_RDONLY | O_CLOEXEC));
  const crypto::Sha256Digest digest = crypto::sha256(as_bytes("digest"));
  {
    auto cache = HashCache::load(cache_path());
    const UniqueFd true_fd(::open(path("a.onnx").c_str(), O_RDONLY | O_CLOEXEC));
    cache->keep("a.onnx", true_fd.get(), state, digest);
    ASSERT_TRUE(cache->save().has_value());
  }
  auto cache = HashCache::load(cache_path());
  EXPECT_FALSE(cache->find("a.onnx", fd.get(), state).has_value());
  const UniqueFd true_fd(::open(path("a.onnx").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(cache->find("a.onnx", true_fd.get(), state), digest);
}

TEST_F(HashCacheTest, AFileThatWasJustWrittenIsNotKept) {
  write("a.onnx", 'c');
  EXPECT_EQ(sign().recalled, 0U);
  EXPECT_EQ(sign().recalled, 1U) << "the other one";
}

TEST_F(HashCacheTest, OneThatSomebodyElseMayWriteOrThatIsDamagedIsRefused) {
  EXPECT_EQ(load_code(), "");
  EXPECT_EQ(sign().recalled, 0U);
  fs::permissions(cache_path(), fs::perms::group_write, fs::perm_options::add);
  EXPECT_EQ(load_code(), "OMS-CACHE");
  fs::permissions(cache_path(), fs::perms::group_write, fs::perm_options::remove);
  EXPECT_EQ(load_code(), "");
  for (const std::string text : {"", "{}", R"({"files":[]})", R"({"files":{"a":{}}})"}) {
    std::ofstream(cache_path()) << text;
    EXPECT_EQ(load_code(), "OMS-CACHE") << text;
  }
  fs::remove(cache_path());
  fs::create_symlink("/dev/null", cache_path());
  EXPECT_EQ(load_code(), "OMS-CACHE");
}

TEST_F(HashCacheTest, WhatDidNotChangeIsRecalled) {
  EXPECT_EQ(sign().recalled, 0U);
  const Signing again = sign();
  EXPECT_EQ(again.recalled, 2U);
  EXPECT_TRUE(again.right);
  EXPECT_EQ(sign().recalled, 2U) << "what was recalled is kept";
}

}  // namespace
}  // namespace vedette::release
