#include "platform/store/files/folder_blob_store.h"

#include <fstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "platform/store/store_samples.h"

namespace vedette::platform {
namespace {

class FolderBlobStoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string root() const { return folder_.file("blobs"); }
  [[nodiscard]] std::unique_ptr<release::BlobStore> open() const {
    auto store = open_folder_blob_store(root());
    EXPECT_TRUE(store.has_value()) << describe(store.error());
    return *std::move(store);
  }
  [[nodiscard]] std::string path_of(const crypto::Sha256Digest& digest) const {
    const std::string name = to_hex(digest);
    return root() + "/" + name.substr(0, 2) + "/" + name;
  }
  // Files below `incoming`: what is being written.
  [[nodiscard]] std::size_t incoming() const {
    const std::filesystem::directory_iterator files(root() + "/incoming");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  samples::Folder folder_;
  const std::string content_ = "a model";
  const crypto::Sha256Digest digest_ = crypto::sha256(as_bytes(content_));
};

std::string content_of(const UniqueFd& fd) {
  std::string content(1024, '\0');
  const ssize_t got = ::read(fd.get(), content.data(), content.size());
  content.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return content;
}

TEST_F(FolderBlobStoreTest, RefusesAFolderThatItCannotMake) {
  EXPECT_EQ(open_folder_blob_store(folder_.file("none/blobs")).error().code, "STORE-FAILED");
  std::ofstream(root()) << "a file";
  EXPECT_EQ(open_folder_blob_store(root()).error().code, "STORE-FAILED");
}

TEST_F(FolderBlobStoreTest, RefusesContentThatIsNotWhatItsNameSays) {
  const auto store = open();
  const auto put = store->put(digest_, as_bytes("a modem"));
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code, "BLOB-DIGEST");
  EXPECT_FALSE(store->open(digest_).value().has_value());
  EXPECT_FALSE(std::filesystem::exists(path_of(digest_)));
  EXPECT_EQ(incoming(), 0);
}

TEST_F(FolderBlobStoreTest, NeverFollowsASymbolicLink) {
  const auto store = open();
  std::ofstream(folder_.file("secret")) << "secret";
  std::filesystem::create_directories(std::filesystem::path(path_of(digest_)).parent_path());
  std::filesystem::create_symlink(folder_.file("secret"), path_of(digest_));
  EXPECT_EQ(store->open(digest_).error().code, "STORE-FAILED");
  EXPECT_EQ(store->size(digest_).error().code, "STORE-FAILED");
  ASSERT_TRUE(store->put(digest_, as_bytes(content_)).has_value());  // replaces the link itself
  EXPECT_EQ(as_text(read_file(folder_.file("secret"), 99).value()), "secret");
  EXPECT_FALSE(std::filesystem::is_symlink(path_of(digest_)));
}

TEST_F(FolderBlobStoreTest, NeverFollowsALinkInPlaceOfASubfolder) {
  const auto store = open();
  std::filesystem::create_directory(folder_.file("elsewhere"));
  std::filesystem::create_directory_symlink(folder_.file("elsewhere"),
                                            root() + "/" + to_hex(digest_).substr(0, 2));
  EXPECT_EQ(store->put(digest_, as_bytes(content_)).error().code, "STORE-FAILED");
  EXPECT_EQ(store->open(digest_).error().code, "STORE-FAILED");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.file("elsewhere")));
  EXPECT_EQ(incoming(), 0);
}

TEST_F(FolderBlobStoreTest, RefusesWhatIsNoFileWithoutWaitingForIt) {
  const auto store = open();
  std::filesystem::create_directories(std::filesystem::path(path_of(digest_)).parent_path());
  ASSERT_EQ(::mkfifo(path_of(digest_).c_str(), 0600), 0);
  EXPECT_EQ(store->open(digest_).error().code, "STORE-FAILED");
}

TEST_F(FolderBlobStoreTest, KeepsABlob) {
  const auto store = open();
  EXPECT_FALSE(store->size(digest_).value().has_value());
  ASSERT_TRUE(store->put(digest_, as_bytes(content_)).has_value());
  const auto blob = store->open(digest_).value();
  ASSERT_TRUE(blob.has_value());
  EXPECT_EQ(content_of(*blob), content_);
  EXPECT_LT(::write(blob->get(), "x", 1), 0);
  EXPECT_EQ(store->size(digest_).value(), content_.size());
  struct stat status{};
  ASSERT_EQ(::stat(path_of(digest_).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(root().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_EQ(incoming(), 0);
}

TEST_F(FolderBlobStoreTest, KeepsAnEmptyBlobAndALargeOne) {
  const auto store = open();
  const Bytes large(1'000'001, 7);
  ASSERT_TRUE(store->put(crypto::sha256({}), {}).has_value());
  ASSERT_TRUE(store->put(crypto::sha256(large), large).has_value());
  EXPECT_EQ(store->size(crypto::sha256({})).value(), 0);
  EXPECT_EQ(read_file(path_of(crypto::sha256(large)), large.size()).value(), large);
}

TEST_F(FolderBlobStoreTest, PuttingABlobAgainHealsIt) {
  const auto store = open();
  ASSERT_TRUE(store->put(digest_, as_bytes(content_)).has_value());
  std::ofstream(path_of(digest_)) << "rotten";
  ASSERT_TRUE(store->put(digest_, as_bytes(content_)).has_value());
  EXPECT_EQ(content_of(*store->open(digest_).value()), content_);
}

TEST_F(FolderBlobStoreTest, RemovesWhatACrashLeftUnlessAnotherWrites) {
  {
    const auto first = open();
    std::ofstream(root() + "/incoming/half") << "half";
    const auto second = open();
    EXPECT_EQ(incoming(), 1);
  }
  const auto third = open();
  EXPECT_EQ(incoming(), 0);
}

TEST_F(FolderBlobStoreTest, ManyThreadsMayPutOneBlob) {
  const auto store = open();
  constexpr std::size_t kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(store->put(digest_, as_bytes(content_)).has_value());
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(content_of(*store->open(digest_).value()), content_);
  EXPECT_EQ(incoming(), 0);
}

}  // namespace
}  // namespace vedette::platform
