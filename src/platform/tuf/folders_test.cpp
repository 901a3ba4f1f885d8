#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "platform/tuf/metadata_folder.h"
#include "platform/tuf/target_folder.h"
#include "testing/temporary_folder.h"

namespace vedette::platform {
namespace {

namespace fs = std::filesystem;
using release::tuf::TargetFile;

template <class T>
std::string code(const Result<T>& result) {
  return result ? "" : result.error().code;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

WholeFiles::Fill writes(std::string content) {
  return [content](const WholeFiles::Sink& sink) { return sink(as_bytes(content)); };
}

Result<void> ignore(ByteView /*piece*/) {
  return {};
}

TEST(TufFolder, RefusesASecondProcess) {
  const TemporaryFolder folder;
  {
    const auto first = WholeFiles::open(folder.path());
    ASSERT_TRUE(first) << describe(first.error());
    EXPECT_EQ(code(WholeFiles::open(folder.path())), "STORE-LOCKED");
  }
  EXPECT_EQ(code(WholeFiles::open(folder.path())), "");
}

TEST(TufFolder, AFileIsReplacedWholeOrNotAtAll) {
  const TemporaryFolder folder;
  auto files = WholeFiles::open(folder.path());
  ASSERT_TRUE(files->replace("name", writes("old")));
  const auto half = files->replace("name", [](const WholeFiles::Sink& sink) -> Result<void> {
    VEDETTE_CHECK(sink(as_bytes("ne")));
    return refuse("TEST-CUT", "the rest did not come");
  });
  EXPECT_EQ(code(half), "TEST-CUT");
  EXPECT_EQ(content_of(folder / "name"), "old");
  ASSERT_TRUE(files->replace("name", writes("new")));
  EXPECT_EQ(content_of(folder / "name"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "nothing is left over";
}

TEST(TufFolder, RemovesWhatACrashLeft) {
  const TemporaryFolder folder;
  put(folder / ".unfinished-123", "half");
  put(folder / "name", "whole");
  const auto files = WholeFiles::open(folder.path());
  ASSERT_TRUE(files) << describe(files.error());
  EXPECT_FALSE(fs::exists(folder / ".unfinished-123"));
  EXPECT_TRUE(fs::exists(folder / "name"));
}

TEST(TufFolder, FollowsNoLinkAndReadsNoPipe) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  put(elsewhere / "secret", "secret");
  fs::create_symlink(elsewhere / "secret", folder / "link");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  auto files = WholeFiles::open(folder.path());
  EXPECT_EQ(code(files->read("link", ignore)), "STORE-FAILED");
  EXPECT_EQ(code(files->read("pipe", ignore)), "STORE-FAILED");
  ASSERT_TRUE(files->replace("link", writes("mine"))) << "the link itself is replaced";
  EXPECT_EQ(content_of(elsewhere / "secret"), "secret");
  EXPECT_EQ(content_of(folder / "link"), "mine");
}

TEST(TufMetadataFolder, KeepsHostileRoleNamesInside) {
  const TemporaryFolder folder;
  MetadataFolder store(*WholeFiles::open(folder.path()));
  for (const char* role : {"../../escape", "/tmp/escape", "..", "a/b", "root"}) {
    ASSERT_TRUE(store.write(role, as_bytes(role))) << role;
    EXPECT_EQ(store.read(role, 100).value(), to_bytes(role)) << role;
  }
  EXPECT_EQ(content_of(folder / "root.json"), "root");
  EXPECT_EQ(content_of(folder / "a%2Fb.json"), "a/b");
  EXPECT_EQ(std::distance(fs::recursive_directory_iterator(folder.path()), {}), 5);
}

TEST(TufMetadataFolder, RefusesAFileBeyondTheLimit) {
  const TemporaryFolder folder;
  MetadataFolder store(*WholeFiles::open(folder.path()));
  ASSERT_TRUE(store.write("root", as_bytes("12345")));
  EXPECT_EQ(code(store.read("root", 4)), "FILE-SIZE");
  EXPECT_EQ(store.read("root", 5).value(), to_bytes("12345"));
  ASSERT_TRUE(store.remove("root"));
  ASSERT_TRUE(store.remove("root")) << "what is not there is removed";
  EXPECT_EQ(store.read("root", 5).value(), std::nullopt);
}

TEST(TufTargetFolder, HoldsOnlyWhatIsAsPromised) {
  const TemporaryFolder folder;
  const TargetFolder targets(*WholeFiles::open(folder.path()));
  const TargetFile target{.name = "dir/file",
                          .length = 7,
                          .hashes = {{"sha256", to_hex(crypto::sha256(as_bytes("content")))}}};
  EXPECT_EQ(targets.holds(target), false);
  for (const char* other : {"Content", "conten", "contents"}) {
    put(folder / "dir%2Ffile", other);
    EXPECT_EQ(targets.holds(target), false) << other;
  }
  put(folder / "dir%2Ffile", "content");
  EXPECT_EQ(targets.holds(target), true);
}

}  // namespace
}  // namespace vedette::platform
