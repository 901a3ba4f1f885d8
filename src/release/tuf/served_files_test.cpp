#include "release/tuf/served_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/new_file.h"
#include "release/tuf/limits.h"
#include "testing/temporary_folder.h"

namespace vedette::release::tuf {
namespace {

namespace fs = std::filesystem;

class TufServedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "repository/metadata");
    fs::create_directories(folder_ / "repository/targets/voice");
    fs::create_directories(folder_ / "repository/staged");
    put("repository/metadata/timestamp.json", "timestamp");
    put("repository/metadata/secret", "secret");
    put("repository/targets/voice/abc.4.json", "statement");
    put("repository/staged/root.json", "secret");
    put("secret.json", "secret");
  }
  void put(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  [[nodiscard]] bool has_target(const std::string& path) const {
    return files_.target(path).value().has_value();
  }
  [[nodiscard]] bool has_metadata(const std::string& name) const {
    return files_.metadata(name).value().has_value();
  }

  TemporaryFolder folder_;
  ServedFiles files_{folder_ / "repository"};
};

TEST_F(TufServedFiles, NoNameLeavesTheFolder) {
  const std::string outside = folder_ / "secret.json";
  for (const std::string& name :
       {std::string("../staged/root.json"), std::string("../../secret.json"), outside,
        std::string("voice/../../../secret.json"), std::string("%2e%2e/secret.json"),
        std::string("..%2fstaged%2froot.json"), std::string("./timestamp.json"), std::string(),
        std::string("."), std::string(".."), std::string("/"), std::string("a\0.json", 7),
        std::string("x\\..\\..\\secret.json"), std::string(5000, 'a')}) {
    EXPECT_FALSE(has_metadata(name)) << name;
    EXPECT_FALSE(has_target(name)) << name;
  }
  EXPECT_FALSE(has_metadata("voice/abc.4.json"));
  EXPECT_FALSE(has_target("voice//abc.4.json"));
  EXPECT_FALSE(has_target("voice/abc.4.json/"));
}

TEST_F(TufServedFiles, NoLinkAndNoPipeIsFollowed) {
  fs::create_symlink(folder_ / "secret.json", folder_ / "repository/metadata/link.json");
  fs::create_symlink("../staged/root.json", folder_ / "repository/metadata/near.json");
  fs::create_symlink(folder_.path(), folder_ / "repository/targets/out");
  ASSERT_EQ(::mkfifo((folder_ / "repository/metadata/pipe.json").c_str(), 0600), 0);
  for (const char* name : {"link.json", "near.json", "pipe.json"})
    EXPECT_FALSE(has_metadata(name)) << name;
  EXPECT_FALSE(has_target("out/secret.json"));
  EXPECT_FALSE(has_target("voice")) << "a folder";
}

TEST_F(TufServedFiles, NothingUnfinishedOrHiddenOrTooLongIsThere) {
  put("repository/metadata/timestamp.json.Xa3k9Q", "half");
  put("repository/metadata/.hidden.json", "x");
  put("repository/targets/voice/.hidden", "x");
  const auto half_metadata = NewFile::beside(folder_ / "repository/metadata/2.root.json");
  const auto half_target = NewFile::beside(folder_ / "repository/targets/voice/def.5.json");
  ASSERT_TRUE(half_metadata.has_value() && half_target.has_value());
  put("repository/metadata/long.json", std::string(kMaxTargetsOctets + 1, 'x'));
  for (const char* name : {"timestamp.json.Xa3k9Q", ".hidden.json", "secret", "long.json"})
    EXPECT_FALSE(has_metadata(name)) << name;
  EXPECT_FALSE(has_target("voice/.hidden"));
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "repository")) {
    const std::string name = entry.path().filename();
    if (!name.contains("2.root") && !name.contains("def.5")) continue;
    EXPECT_FALSE(has_metadata(name)) << name;
    EXPECT_FALSE(has_target("voice/" + name)) << name;
  }
}

TEST_F(TufServedFiles, TheLastRootIsThatOfTheHighestNumber) {
  EXPECT_EQ(files_.last_root().value(), std::nullopt);
  for (const char* name : {"2.root.json", "10.root.json", "9.root.json", "x11.root.json",
                           "12x.root.json", "-13.root.json", "root.json", ".root.json"})
    put("repository/metadata/" + std::string(name), name);
  EXPECT_EQ(files_.last_root().value(), to_bytes("10.root.json"));
}

TEST_F(TufServedFiles, WhatIsPublishedIsThere) {
  EXPECT_EQ(files_.metadata("timestamp.json").value(), to_bytes("timestamp"));
  const auto target = files_.target("voice/abc.4.json");
  ASSERT_TRUE(target.has_value() && target->has_value());
  EXPECT_EQ((*target)->size, 9U);
  fs::remove_all(folder_ / "repository");
  EXPECT_FALSE(has_metadata("timestamp.json"));
}

}  // namespace
}  // namespace vedette::release::tuf
