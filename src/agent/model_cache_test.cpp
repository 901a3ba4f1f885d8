#include "agent/model_cache.h"

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;
using release::FileIdentity;

FileIdentity identity(const std::string& text) {
  return {.sha256 = crypto::sha256(as_bytes(text)), .size = text.size()};
}

class ModelCacheTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kLimit = 100;

  [[nodiscard]] Result<ModelCache> open(std::uint64_t limit = kLimit) const {
    return ModelCache::open(path(), limit);
  }
  [[nodiscard]] std::string path() const { return folder_.path() + "/models"; }
  [[nodiscard]] std::string path(const std::string& text) const {
    return path() + "/" + to_hex(identity(text).sha256);
  }
  static std::string keep(ModelCache& cache, const std::string& text) {
    auto part = cache.begin(identity(text));
    if (!part) return part.error().code;
    if (const auto written = part->append(as_bytes(text)); !written) return written.error().code;
    const auto kept = cache.keep(*std::move(part));
    return kept ? "" : kept.error().code;
  }
  static std::string content(int fd) {
    std::string all;
    EXPECT_TRUE(read_all(fd, [&](ByteView piece) -> Result<void> {
                  all += as_text(piece);
                  return {};
                }).has_value());
    return all;
  }
  static std::string found(ModelCache& cache, const std::string& text) {
    const auto fd = cache.find(identity(text));
    return fd ? content(fd->get()) : "none";
  }

  TemporaryFolder folder_;
};

TEST_F(ModelCacheTest, RefusesAFolderThatOthersCanChangeOrThatIsNone) {
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
  ASSERT_EQ(::chmod(path().c_str(), 0720), 0);
  EXPECT_EQ(open().error().code, "CACHE-FOLDER");
  ASSERT_EQ(::chmod(path().c_str(), 0700), 0);
  {
    const auto first = open();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(open().error().code, "CACHE-FOLDER") << "another process has it";
  }
  fs::rename(path(), folder_.path() + "/elsewhere");
  fs::create_directory_symlink("elsewhere", path());
  EXPECT_EQ(open().error().code, "CACHE-FOLDER");
  fs::remove(path());
  std::ofstream(path()) << "a file";
  EXPECT_EQ(open().error().code, "CACHE-FOLDER");
}

// A link may lead to what the agent can read and others cannot; a second name lets somebody change
// the file while it is read.
TEST_F(ModelCacheTest, TakesNoLinkNoPipeAndNothingThatOthersCanWrite) {
  auto cache = open().value();
  const std::string text = "the weights";
  const std::string outside = folder_.path() + "/outside";
  const auto put = [&](const std::function<void(const std::string&)>& make) {
    fs::remove(path(text));
    make(path(text));
    return found(cache, text);
  };
  std::ofstream(outside) << text;
  EXPECT_EQ(put([&](const auto& name) { fs::create_symlink(outside, name); }), "none");
  EXPECT_EQ(put([&](const auto& name) { fs::create_hard_link(outside, name); }), "none");
  EXPECT_EQ(put([](const auto& name) { ::mkfifo(name.c_str(), 0600); }), "none");
  EXPECT_FALSE(fs::exists(path(text))) << "it is removed";
  EXPECT_EQ(put([&](const auto& name) {
              std::ofstream(name) << text;
              ::chmod(name.c_str(), 0620);
            }),
            "none");
  EXPECT_EQ(put([&](const auto& name) { std::ofstream(name) << text << "!"; }), "none")
      << "of another size";
  EXPECT_EQ(put([&](const auto& name) {
              std::ofstream(name) << text;
              ::chmod(name.c_str(), 0600);
            }),
            text);
  EXPECT_EQ(content(UniqueFd(::open(outside.c_str(), O_RDONLY)).get()), text);
}

TEST_F(ModelCacheTest, APartIsNeverWrittenThroughALink) {
  auto cache = open().value();
  const std::string text = "the weights";
  const std::string outside = folder_.path() + "/outside";
  std::ofstream(outside) << "untouched";
  fs::create_symlink(outside, path(text) + ".part");
  EXPECT_EQ(keep(cache, text), "");
  EXPECT_EQ(found(cache, text), text);
  EXPECT_EQ(content(UniqueFd(::open(outside.c_str(), O_RDONLY)).get()), "untouched");
}

TEST_F(ModelCacheTest, RefusesAFileBeyondItsLimitAndOctetsBeyondTheFile) {
  auto cache = open(10).value();
  EXPECT_EQ(keep(cache, "eleven byte"), "CACHE-FULL");
  EXPECT_EQ(cache.begin(identity("ten bytes!"))->append(as_bytes("eleven byte")).error().code,
            "CACHE-WRITE");
  EXPECT_EQ(keep(cache, "ten bytes!"), "");
}

TEST_F(ModelCacheTest, WhatWasUsedLeastLatelyMakesRoom) {
  auto cache = open().value();
  const std::string first(40, '1');
  const std::string second(40, '2');
  const std::string third(40, '3');
  ASSERT_EQ(keep(cache, first), "");
  ASSERT_EQ(keep(cache, second), "");
  for (const std::string& text : {first, second}) {  // of one second, for a coarse clock
    const timespec times[2] = {{1000, 0}, {text == first ? 2000 : 1000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path(text).c_str(), times, 0), 0);
  }
  EXPECT_EQ(cache.files(8).at(0), identity(first).sha256);
  ASSERT_EQ(keep(cache, third), "");
  EXPECT_EQ(found(cache, second), "none");
  EXPECT_EQ(found(cache, first), first);
  EXPECT_EQ(found(cache, third), third);
  EXPECT_EQ(cache.files(1).size(), 1U);
}

TEST_F(ModelCacheTest, ALowerLimitHoldsFromTheStartAndForeignFilesAreLeftAlone) {
  {
    auto cache = open().value();
    ASSERT_EQ(keep(cache, std::string(60, '1')), "");
    std::ofstream(path() + "/README") << std::string(500, 'x');
  }
  auto cache = open(50).value();
  EXPECT_TRUE(cache.files(8).empty());
  EXPECT_TRUE(fs::exists(path() + "/README"));
}

TEST_F(ModelCacheTest, APartGoesOnInAnotherProcess) {
  const std::string text = "the weights of a model";
  {
    auto cache = open().value();
    auto part = cache.begin(identity(text)).value();
    ASSERT_TRUE(part.append(as_bytes(text.substr(0, 9))).has_value());
  }
  auto cache = open().value();
  EXPECT_EQ(found(cache, text), "none");
  EXPECT_TRUE(cache.files(8).empty());
  auto part = cache.begin(identity(text)).value();
  EXPECT_EQ(part.size(), 9U);
  EXPECT_EQ(content(part.fd()), text.substr(0, 9));
  ASSERT_TRUE(part.append(as_bytes(text.substr(9))).has_value());
  ASSERT_TRUE(cache.keep(std::move(part)).has_value());
  EXPECT_EQ(found(cache, text), text);
  cache.drop(identity(text).sha256);
  EXPECT_EQ(found(cache, text), "none");
}

TEST_F(ModelCacheTest, APartThatIsLongerThanTheFileBeginsAnew) {
  auto cache = open().value();
  const std::string text = "short";
  std::ofstream(path(text) + ".part") << "much longer";
  ::chmod((path(text) + ".part").c_str(), 0600);
  EXPECT_EQ(cache.begin(identity(text))->size(), 0U);
}

// Of a file that cannot be opened because no descriptor is left nothing is known.
TEST_F(ModelCacheTest, WhatCannotBeOpenedNowIsLeftAlone) {
  auto cache = open().value();
  const std::string text = "the weights";
  ASSERT_EQ(keep(cache, text), "");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(found(cache, text), "none");
  EXPECT_EQ(cache.begin(identity(text)).error().code, "CACHE-WRITE");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(found(cache, text), text);
}

TEST_F(ModelCacheTest, AnEmptyFolderInAFilesPlaceIsRemoved) {
  auto cache = open().value();
  const std::string text = "the weights";
  fs::create_directory(path(text));
  fs::create_directory(path(text) + ".part");
  EXPECT_EQ(found(cache, text), "none");
  EXPECT_EQ(keep(cache, text), "");
  EXPECT_EQ(found(cache, text), text);
}

// It would be full at once if a part counted as what it is so far.
TEST_F(ModelCacheTest, APartCountsAsTheFileThatItIsToBecome) {
  auto cache = open().value();
  const std::string kept(40, '1');
  const std::string first(60, '2');
  const std::string second(60, '3');
  ASSERT_EQ(keep(cache, kept), "");
  {
    auto part = cache.begin(identity(first)).value();
    EXPECT_EQ(found(cache, kept), kept) << "both have room";
    EXPECT_EQ(cache.begin(identity(second)).error().code, "CACHE-FULL");
    EXPECT_EQ(cache.begin(identity(std::string(40, '4')))->size(), 0U);
    EXPECT_EQ(found(cache, kept), "none") << "it made room";
    ASSERT_TRUE(part.append(as_bytes(first)).has_value());
  }
  EXPECT_EQ(cache.begun(identity(first)), first.size());
  EXPECT_EQ(keep(cache, second), "");
  EXPECT_EQ(cache.begun(identity(first)), 0U) << "nobody held it: it made room";
}

TEST_F(ModelCacheTest, APartHasOneWriter) {
  auto cache = open().value();
  const std::string text = "the weights";
  {
    auto part = cache.begin(identity(text)).value();
    ASSERT_TRUE(part.append(as_bytes("the")).has_value());
    EXPECT_EQ(cache.begin(identity(text)).error().code, "CACHE-BUSY");
    EXPECT_EQ(cache.begun(identity(text)), 0U);
    cache.drop(identity(text).sha256);
  }
  EXPECT_EQ(cache.begun(identity(text)), 3U) << "it was not dropped while it was held";
  auto moved = std::move(cache);
  EXPECT_EQ(moved.begin(identity(text))->size(), 3U);
}

TEST_F(ModelCacheTest, KeepsNothingThatSomebodyPutInAPartsPlace) {
  auto cache = open().value();
  const std::string text = "the weights";
  auto part = cache.begin(identity(text)).value();
  ASSERT_TRUE(part.append(as_bytes(text)).has_value());
  fs::remove(path(text) + ".part");
  std::ofstream(path(text) + ".part") << "the w8ights";
  EXPECT_EQ(cache.keep(std::move(part)).error().code, "CACHE-WRITE");
  EXPECT_EQ(found(cache, text), "none");
}

}  // namespace
}  // namespace vedette::agent
