#include "release/model_shards.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "release/release_statement.h"
#include "testing/model_scene.h"

namespace vedette::release {
namespace {

namespace fs = std::filesystem;
using crypto::PrivateKey;
using crypto::PublicKey;

constexpr std::uint64_t kSize = 8;

class ModelShards : public ::testing::Test {
 protected:
  ModelShards() {
    folder_.write("model/vad.onnx", "0123456789abcdefghij");  // two shards and a half
    folder_.write("model/config/labels.txt", "speech");
  }

  [[nodiscard]] std::string path() const { return (folder_.path() / "model").string(); }

  [[nodiscard]] std::string sign(const HashOptions& options = {}) const {
    return *sign_model(*hash_model_by_shards(path(), kSize, options), key_);
  }

  [[nodiscard]] Result<VerifiedManifest> verify(const std::string& bundle,
                                                const HashOptions& options = {}) const {
    return verify_model(path(), bundle, publishers_, options);
  }

  [[nodiscard]] std::string verify_code(const std::string& bundle) const {
    const auto verified = verify(bundle);
    return verified ? "verified" : verified.error().code;
  }

  ModelScene folder_;
  PrivateKey key_ = PrivateKey::generate_p256();
  std::vector<PublicKey> publishers_{key_.public_key()};
};

TEST_F(ModelShards, RefusesAFlippedBitInAnyShard) {
  const std::string bundle = sign();
  for (const char* changed :
       {"X123456789abcdefghij", "01234567X9abcdefghij", "0123456789abcdefghiX"}) {
    folder_.write("model/vad.onnx", changed);
    EXPECT_EQ(verify_code(bundle), "OMS-DIGEST") << changed;
  }
}

TEST_F(ModelShards, RefusesOctetsAfterTheLastShard) {
  const std::string bundle = sign();
  folder_.write("model/vad.onnx", "0123456789abcdefghijK");
  const auto verified = verify(bundle);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, "OMS-DIGEST");
  EXPECT_EQ(verified.error().cause, "vad.onnx: signed 20 octets, found 21");
}

TEST_F(ModelShards, RefusesAShardBeyondTheFilesEnd) {
  const std::string bundle = sign();
  folder_.write("model/vad.onnx", "0123456789abcdef");
  EXPECT_EQ(verify_code(bundle), "OMS-DIGEST");
  folder_.write("model/vad.onnx", "");
  EXPECT_EQ(verify_code(bundle), "OMS-DIGEST");
}

TEST_F(ModelShards, RefusesShardsThatChangedTheirPlaces) {
  const std::string bundle = sign();
  folder_.write("model/vad.onnx", "89abcdef01234567ghij");
  EXPECT_EQ(verify_code(bundle), "OMS-DIGEST");
}

TEST_F(ModelShards, RefusesAMissingFileAndOneThatWasNotSigned) {
  const std::string bundle = sign();
  folder_.write("model/added", "x");
  EXPECT_EQ(verify_code(bundle), "OMS-UNLISTED");
  fs::remove(path() + "/added");
  fs::remove(path() + "/config/labels.txt");
  EXPECT_EQ(verify_code(bundle), "OMS-MISSING");
}

TEST_F(ModelShards, RefusesLinksThoughTheirTargetIsWhatWasSigned) {
  const std::string bundle = sign();
  fs::rename(path() + "/vad.onnx", folder_.path() / "elsewhere");
  fs::create_symlink(folder_.path() / "elsewhere", path() + "/vad.onnx");
  EXPECT_EQ(verify_code(bundle), "OMS-SYMLINK");
  EXPECT_EQ(hash_model_by_shards(path(), kSize).error().code, "OMS-SYMLINK");
  fs::remove(path() + "/vad.onnx");
  fs::create_hard_link(folder_.path() / "elsewhere", path() + "/vad.onnx");
  EXPECT_EQ(verify_code(bundle), "OMS-HARDLINK");
}

TEST_F(ModelShards, RefusesASingleFileInPlaceOfAFolderAndTheReverse) {
  const std::string bundle = sign();
  EXPECT_EQ(verify_model(path() + "/vad.onnx", bundle, publishers_).error().code, "OMS-UNLISTED");
  const std::string single = *sign_model(*hash_model_by_shards(path() + "/vad.onnx", kSize), key_);
  EXPECT_EQ(verify_code(single), "OMS-UNLISTED");
}

TEST_F(ModelShards, RefusesAFileThatChangesBetweenItsShards) {
  bool touched = false;
  HashOptions options{.ignore = {}, .progress = {}, .threads = 1};
  options.progress = [&](const HashProgress& progress) {
    if (touched || progress.file != "vad.onnx") return;
    touched = true;
    ::usleep(20'000);  // file systems tell times apart by the kernel's tick
    folder_.write("model/vad.onnx", "01234567XXXXXXXXghij");
  };
  EXPECT_EQ(hash_model_by_shards(path(), kSize, options).error().code, "OMS-CHANGED");
  EXPECT_TRUE(touched);
}

TEST_F(ModelShards, RefusesAnotherFileUnderTheNameBetweenItsShards) {
  folder_.write("other", "01234567XXXXXXXXghij");
  fs::last_write_time(folder_.path() / "other", fs::last_write_time(path() + "/vad.onnx"));
  const std::string bundle = sign();
  HashOptions options{.ignore = {}, .progress = {}, .threads = 1};
  options.progress = [&](const HashProgress& progress) {
    if (progress.file == "vad.onnx" && fs::exists(folder_.path() / "other"))
      fs::rename(folder_.path() / "other", path() + "/vad.onnx");
  };
  EXPECT_EQ(verify(bundle, options).error().code, "OMS-CHANGED");
}

TEST_F(ModelShards, RefusesSizesOutOfRangeAndTooManyShards) {
  EXPECT_EQ(hash_model_by_shards(path(), 0).error().code, "OMS-SHARD");
  EXPECT_EQ(hash_model_by_shards(path(), kMaxShardBytes + 1).error().code, "OMS-SHARD");
  EXPECT_TRUE(hash_model_by_shards(path(), kMaxShardBytes));
  folder_.write("model/large", "");
  fs::resize_file(path() + "/large", std::uintmax_t{1} << 40U);
  EXPECT_EQ(hash_model_by_shards(path(), 1).error().code, "OMS-SIZE") << "before any is read";
}

TEST_F(ModelShards, RefusesToSignABundleThatNobodyWouldVerify) {
  std::vector<Resource> many(kMaxResources);
  for (std::uint64_t i = 0; i < many.size(); ++i)
    many[i].name = "a:" + std::to_string(i * kSize) + ":" + std::to_string((i + 1) * kSize);
  const auto manifest = build_manifest("m", std::move(many), {}, kSize);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(sign_model(*manifest, key_).error().code, "OMS-SIZE");
}

TEST_F(ModelShards, RefusesNamesThatNoOtherToolCouldRead) {
  folder_.write("model/a:0:8", "x");
  EXPECT_EQ(hash_model_by_shards(path(), kSize).error().code, "OMS-NAME");
  EXPECT_TRUE(hash_model(path())) << "whole files may have any";
}

TEST_F(ModelShards, RefusesAModelOfEmptyFilesAlone) {
  folder_.write("empty/a", "");
  EXPECT_EQ(hash_model_by_shards((folder_.path() / "empty").string(), kSize).error().code,
            "OMS-EMPTY");
}

// Even where its one shard has the file's digest and the model's root is that of whole files: what
// a release means may not depend on how large the shards were.
TEST_F(ModelShards, AReleaseOfThemIsRefused) {
  const std::string file = path() + "/vad.onnx";
  const auto whole = hash_model(file);
  ASSERT_TRUE(whole);
  const ReleaseStatement terms{.model = ModelName::parse("vad").value(),
                               .number = 1,
                               .model_root = whole->root,
                               .file_name = "vad.onnx",
                               .file_sha256 = whole->resources.front().sha256,
                               .file_size = 20,
                               .issued_at = from_unix_seconds(1'795'000'000)};
  const std::string statement = *sign_release_statement(terms, key_);
  EXPECT_TRUE(verify_release(*sign_model(*whole, key_), statement, publishers_));
  const auto one = hash_model_by_shards(file, 1000);
  ASSERT_TRUE(one);
  ASSERT_EQ(one->root, whole->root);
  EXPECT_EQ(verify_release(*sign_model(*one, key_), statement, publishers_).error().code,
            "REL-FILE");
}

// The reference writes no shard for one: whether it is there, nobody signed.
TEST_F(ModelShards, AnEmptyFileIsNotPartOfWhatIsSigned) {
  folder_.write("model/zero", "");
  const std::string bundle = sign();
  const auto verified = verify(bundle);
  ASSERT_TRUE(verified) << describe(verified.error());
  for (const Resource& resource : (*verified)->manifest.resources)
    EXPECT_FALSE(resource.name.starts_with("zero"));
  fs::remove(path() + "/zero");
  folder_.write("model/another", "");
  EXPECT_EQ(verify_code(bundle), "verified");
  folder_.write("model/another", "x");
  EXPECT_EQ(verify_code(bundle), "OMS-UNLISTED");
}

TEST_F(ModelShards, TellsTheFirstRefusalHoweverManyThreadsThereAre) {
  const std::string content(4000, 'w');
  folder_.write("model/vad.onnx", content);
  const std::string bundle = sign();
  for (int round = 0; round < 20; ++round) {
    std::string changed = content;
    for (const std::size_t at : {20U, 21U, 1000U, 3999U})
      changed[at] = 'X';
    folder_.write("model/vad.onnx", changed);
    const auto verified = verify(bundle, {.ignore = {}, .progress = {}, .threads = 4});
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, "OMS-DIGEST");
    // Listed by code point: vad.onnx:1000:1008 stands before vad.onnx:16:24.
    EXPECT_TRUE(verified.error().cause.starts_with("vad.onnx:1000:1008:"))
        << verified.error().cause;
  }
}

TEST_F(ModelShards, SeveralThreadsHashTheShardsOfOneFileAsOneDoes) {
  std::string content;
  for (unsigned i = 0; i < 300'000; ++i)
    content += static_cast<char>(i * 2654435761U >> 13U);
  const std::string file = folder_.write("large.onnx", content).string();
  std::uint64_t done = 0;
  HashOptions options{.ignore = {}, .progress = {}, .threads = 4};
  options.progress = [&](const HashProgress& progress) {
    EXPECT_GT(progress.bytes_done, done) << "one at a time";
    EXPECT_EQ(progress.bytes_total, 300'000U);
    done = progress.bytes_done;
  };
  const auto together = hash_model_by_shards(file, 1000, options);
  const auto alone = hash_model_by_shards(file, 1000, {.ignore = {}, .progress = {}, .threads = 1});
  ASSERT_TRUE(together && alone);
  EXPECT_EQ(together->resources, alone->resources);
  EXPECT_EQ(together->resources.size(), 300U);
  EXPECT_EQ(done, 300'000U);
  EXPECT_TRUE(verify_model(file, *sign_model(*together, key_), publishers_));
}

TEST_F(ModelShards, ASingleShardHasTheDigestOfItsFile) {
  const auto shards = hash_model_by_shards(path(), 1'000'000'000);
  const auto files = hash_model(path());
  ASSERT_TRUE(shards && files);
  ASSERT_EQ(shards->resources.size(), 2U);
  EXPECT_EQ(shards->resources[1].name, "vad.onnx:0:20");
  EXPECT_EQ(shards->resources[1].sha256, files->resources[1].sha256);
  EXPECT_EQ(shards->root, files->root) << "the root covers digests alone";
}

TEST_F(ModelShards, LeavesOutWhatItIsToldTo) {
  const std::string bundle = sign({.ignore = {"notes"}, .progress = {}});
  folder_.write("model/notes/draft", "x");
  folder_.write("model/.git/config", "x");
  EXPECT_EQ(verify_code(bundle), "verified");
}

}  // namespace
}  // namespace vedette::release
