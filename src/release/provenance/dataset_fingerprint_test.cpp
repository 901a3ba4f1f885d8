#include "release/provenance/dataset_fingerprint.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace vedette::release {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class Fingerprint : public ::testing::Test {
 protected:
  Fingerprint() { std::filesystem::create_directories(folder_ / "data"); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  std::string root_of_lines(std::string_view content) {
    return to_hex(fingerprint_lines(write("lines", content)).value().root);
  }

  std::filesystem::path folder_ = testing::TempDir() + "vedette-fingerprint";
};

TEST_F(Fingerprint, RefusesWhatHasNoRecord) {
  EXPECT_EQ(code_of(fingerprint_lines(write("empty", ""))), "PROV-DATA");
  EXPECT_NE(code_of(fingerprint_folder(folder_ / "data")), "");
  EXPECT_EQ(code_of(fingerprint_lines(folder_ / "absent")), "FILE-OPEN");
  EXPECT_EQ(code_of(fingerprint_lines(folder_ / "data")), "FILE-OPEN");
}

TEST_F(Fingerprint, RefusesALineBeyondItsLimit) {
  EXPECT_EQ(code_of(fingerprint_lines(write("long", std::string(kMaxRecordBytes + 1, 'x')))),
            "PROV-DATA");
}

TEST_F(Fingerprint, RefusesALinkOutOfTheFolder) {
  std::filesystem::create_symlink("/etc/hostname", folder_ / "data/link");
  EXPECT_EQ(code_of(fingerprint_folder(folder_ / "data")), "OMS-SYMLINK");
  EXPECT_EQ(code_of(fingerprint_lines(folder_ / "data/link")), "FILE-OPEN");
}

TEST_F(Fingerprint, RefusesAPipeThatNobodyEnds) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(code_of(fingerprint_lines(pipe)), "FILE-OPEN");
}

// Certificate Transparency's known tree (its merkle tree tests): the leaves and their roots.
TEST_F(Fingerprint, IsTheTreeOfRfc6962) {
  const std::vector<Bytes> leaves{{},
                                  {0x00},
                                  {0x10},
                                  {0x20, 0x21},
                                  {0x30, 0x31},
                                  {0x40, 0x41, 0x42, 0x43},
                                  {0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57},
                                  {0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a,
                                   0x6b, 0x6c, 0x6d, 0x6e, 0x6f}};
  const std::vector<std::string> roots{
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  RecordTree tree;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    tree.add(leaves[i]);
    EXPECT_EQ(to_hex(tree.finish().root), roots[i]) << i;
    EXPECT_EQ(tree.finish().records, i + 1);
  }
}

TEST_F(Fingerprint, OfLinesKnowsOrderAndNumberButNotTheLastLineFeed) {
  const std::string root = root_of_lines("one\ntwo\nthree\n");
  EXPECT_EQ(root_of_lines("one\ntwo\nthree"), root);
  EXPECT_NE(root_of_lines("two\none\nthree\n"), root);
  EXPECT_NE(root_of_lines("one\ntwo\nthree\n\n"), root);
  EXPECT_NE(root_of_lines("one\ntwothree\n"), root);
}

TEST_F(Fingerprint, OfLinesReadsThemOverThePiecesOfTheFile) {
  RecordTree tree;
  std::string content;
  for (int i = 0; i < 3; ++i) {
    const std::string line(700'000, static_cast<char>('a' + i));
    tree.add(as_bytes(line));
    content += line + "\n";
  }
  EXPECT_EQ(root_of_lines(content), to_hex(tree.finish().root));
}

TEST_F(Fingerprint, OfAFolderIsOfItsPathsAndContents) {
  write("data/a", "first");
  write("data/b", "second");
  const auto before = fingerprint_folder(folder_ / "data").value();
  EXPECT_EQ(before.records, 2U);
  std::filesystem::rename(folder_ / "data/b", folder_ / "data/c");
  const auto renamed = fingerprint_folder(folder_ / "data").value();
  EXPECT_NE(renamed.root, before.root);
  std::filesystem::rename(folder_ / "data/c", folder_ / "data/b");
  EXPECT_EQ(fingerprint_folder(folder_ / "data").value().root, before.root);
  write("data/b", "other");
  EXPECT_NE(fingerprint_folder(folder_ / "data").value().root, before.root);
}

}  // namespace
}  // namespace vedette::release
