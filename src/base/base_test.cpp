#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/new_file.h"
#include "base/secret.h"
#include "base/strong_id.h"
#include "testing/temporary_folder.h"

namespace vedette {
namespace {

TEST(StrongId, RefusesNamesThatCouldEscapeAPathOrAUri) {
  for (const char* bad : {"", ".", "..", "-a", "a-", "A", "a/b", "a b", "a%2e", "a\n", "\xC3\xA9"})
    EXPECT_FALSE(DeviceId::parse(bad).has_value()) << bad;
  EXPECT_FALSE(DeviceId::parse(std::string(64, 'a')).has_value());
}

TEST(StrongId, KeepsAValidName) {
  const auto id = DeviceId::parse("drone-07.north");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->str(), "drone-07.north");
  EXPECT_TRUE(DeviceId::parse(std::string(63, 'a')).has_value());
}

TEST(Clock, RefusesEveryOtherFormOfTime) {
  for (const char* bad :
       {"2026-11-23", "2026-11-23 12:53:00Z", "2026-11-23T12:53:00+00:00", "2026-02-30T00:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T12:53:00.0Z", "2026-11-23T12:5x:00Z"})
    EXPECT_FALSE(from_rfc3339(bad).has_value()) << bad;
}

TEST(Clock, PrintsWhatItReads) {
  const auto time = from_rfc3339("2026-11-23T12:53:07Z");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(to_rfc3339(*time), "2026-11-23T12:53:07Z");
  EXPECT_EQ(to_unix_seconds(*time), 1795438387);
}

TEST(SecretBytes, IsEmptyAfterItMoved) {
  SecretBytes first(to_bytes("key"));
  const SecretBytes second = std::move(first);
  EXPECT_TRUE(
      first.empty());  // NOLINT(bugprone-use-after-move): the state after a move is the claim
  EXPECT_TRUE(equal_constant_time(second.expose(), as_bytes("key")));
  EXPECT_FALSE(equal_constant_time(second.expose(), as_bytes("kex")));
  EXPECT_FALSE(equal_constant_time(second.expose(), as_bytes("ke")));
}

TEST(Files, AtomicWriteLeavesNoTemporaryAndSetsTheMode) {
  const auto folder = std::filesystem::temp_directory_path() / "vedette-base-test";
  std::filesystem::create_directories(folder);
  const std::string path = folder / "state";
  ASSERT_TRUE(write_file_atomically(path, as_bytes("old"), 0600).has_value());
  ASSERT_TRUE(write_file_atomically(path, as_bytes("new"), 0600).has_value());
  EXPECT_EQ(as_text(*read_file(path, 16)), "new");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_EQ(read_file(path, 2).error().code, "FILE-SIZE");
  std::filesystem::remove_all(folder);
}

std::set<std::string> names_below(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    names.insert(entry.path().filename());
  return names;
}

// A child begins to write the file and dies; the name of what it leaves.
std::string killed_while_writing(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const auto before = names_below(folder);
  if (const pid_t child = ::fork(); child == 0) {
    const auto file = NewFile::beside(path);
    ::_exit(file && file->append(as_bytes("ha")) ? 0 : 1);
  } else {
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  for (const std::string& name : names_below(folder))
    if (!before.contains(name)) return name;
  return {};
}

TEST(Files, WhatAKilledWriterLeavesIsHiddenAndRemovedByTheNext) {
  const TemporaryFolder folder;
  for (const char* name : {"state.backup", ".state", ".state.toolong", "other"})
    std::ofstream(folder / name) << "whole";
  const auto whole = names_below(folder.path());
  EXPECT_TRUE(killed_while_writing(folder / "state").starts_with(".state."));
  const std::string other = killed_while_writing(folder / "other");
  remove_leftovers(folder / "state");
  auto expected = whole;
  expected.insert(other);
  EXPECT_EQ(names_below(folder.path()), expected);
  remove_leftovers(folder / "other");
  EXPECT_EQ(names_below(folder.path()), whole);
}

TEST(Files, AllThatKilledWritersLeftIsRemovedFromAFolderAndBelow) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "inner/.deep");
  for (const char* name : {"inner/state.backup", "inner/.deep/.ignore"})
    std::ofstream(folder / name) << "whole";
  const auto whole = names_below(folder.path());
  for (const char* name : {"a.json", "inner/b.json", "inner/.deep/c"})
    EXPECT_TRUE(killed_while_writing(folder / name).starts_with('.')) << name;
  remove_all_leftovers(folder.path());
  EXPECT_EQ(names_below(folder.path()), whole);
  remove_all_leftovers(folder / "nowhere");
}

TEST(Error, DescribesItselfOnOneLine) {
  EXPECT_EQ(describe({"ATT-NONCE", "the nonce is stale", "old", "retry"}),
            "ATT-NONCE: the nonce is stale (old); retry");
}

}  // namespace
}  // namespace vedette
