#include "release/model_tree.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing/model_scene.h"

namespace vedette::release {
namespace {

namespace fs = std::filesystem;
using crypto::PrivateKey;
using crypto::PublicKey;

class ModelTree : public ::testing::Test {
 protected:
  ModelTree() {
    folder_.write("model/vad.onnx", "weights");
    folder_.write("model/config/labels.txt", "speech\nsilence\n");
  }

  [[nodiscard]] std::string path() const { return (folder_.path() / "model").string(); }

  [[nodiscard]] std::string hash_code() const {
    const auto manifest = hash_model(path());
    return manifest ? "hashed" : manifest.error().code;
  }

  [[nodiscard]] std::string sign(const HashOptions& options = {}) const {
    return *sign_model(*hash_model(path(), options), key_);
  }

  [[nodiscard]] std::string verify_code(const std::string& bundle,
                                        const HashOptions& options = {}) const {
    const auto verified = verify_model(path(), bundle, publishers_, options);
    return verified ? "verified" : verified.error().code;
  }

  ModelScene folder_;
  PrivateKey key_ = PrivateKey::generate_p256();
  std::vector<PublicKey> publishers_{key_.public_key()};
};

TEST_F(ModelTree, RefusesASymbolicLinkAsAFile) {
  const std::string bundle = sign();
  fs::remove(path() + "/vad.onnx");
  fs::create_symlink(folder_.write("elsewhere.onnx", "weights"), path() + "/vad.onnx");
  EXPECT_EQ(hash_code(), "OMS-SYMLINK");
  EXPECT_EQ(verify_code(bundle), "OMS-SYMLINK");
}

TEST_F(ModelTree, RefusesASymbolicLinkAsAParent) {
  const std::string bundle = sign();
  fs::rename(path() + "/config", folder_.path() / "config");
  fs::create_directory_symlink(folder_.path() / "config", path() + "/config");
  EXPECT_EQ(hash_code(), "OMS-SYMLINK");
  EXPECT_EQ(verify_code(bundle), "OMS-SYMLINK");
}

TEST_F(ModelTree, RefusesASymbolicLinkAsAParentThoughItIsIgnored) {
  const std::string bundle = sign();
  fs::rename(path() + "/config", folder_.path() / "config");
  fs::create_directory_symlink(folder_.path() / "config", path() + "/config");
  EXPECT_EQ(verify_code(bundle, {.ignore = {"config"}, .progress = {}}), "OMS-SYMLINK")
      << "a listed file is opened even where the walk did not go";
}

TEST_F(ModelTree, RefusesASymbolicLinkInPlaceOfTheModel) {
  fs::create_directory_symlink(path(), folder_.path() / "link");
  EXPECT_EQ(hash_model((folder_.path() / "link").string()).error().code, "OMS-SYMLINK");
}

TEST_F(ModelTree, RefusesAHardLink) {
  const std::string bundle = sign();
  fs::create_hard_link(path() + "/vad.onnx", folder_.path() / "second-name");
  EXPECT_EQ(hash_code(), "OMS-HARDLINK");
  EXPECT_EQ(verify_code(bundle), "OMS-HARDLINK");
}

TEST_F(ModelTree, RefusesAFifoWithoutWaitingForItsWriter) {
  const std::string bundle = sign();
  fs::remove(path() + "/vad.onnx");
  ASSERT_EQ(::mkfifo((path() + "/vad.onnx").c_str(), 0600), 0);
  EXPECT_EQ(hash_code(), "OMS-FILETYPE");
  EXPECT_EQ(verify_code(bundle), "OMS-FILETYPE");
  EXPECT_EQ(hash_model(path() + "/vad.onnx").error().code, "OMS-FILETYPE");
}

TEST_F(ModelTree, RefusesADevice) {
  EXPECT_EQ(hash_model("/dev/null").error().code, "OMS-FILETYPE");
}

TEST_F(ModelTree, RefusesAPathThatIsNotThere) {
  EXPECT_EQ(hash_model(path() + "-not").error().code, "OMS-OPEN");
}

TEST_F(ModelTree, RefusesAFolderWithoutFiles) {
  fs::create_directories(folder_.path() / "empty" / "sub");
  EXPECT_EQ(hash_model((folder_.path() / "empty").string()).error().code, "OMS-EMPTY");
}

TEST_F(ModelTree, RefusesNamesThatCannotBeSigned) {
  for (const char* bad : {"a\\b", "line\nfeed", "\xFF"}) {
    const fs::path file = folder_.write(std::string("model/") + bad, "x");
    EXPECT_EQ(hash_code(), "OMS-NAME");
    fs::remove(file);
  }
}

TEST_F(ModelTree, RefusesFoldersTooDeepInEachOther) {
  std::string deep = "model";
  for (int i = 0; i < 64; ++i)
    deep += "/d";
  folder_.write(deep + "/file", "x");
  EXPECT_EQ(hash_code(), "hashed");
  folder_.write(deep + "/d/file", "x");
  EXPECT_EQ(hash_code(), "OMS-DEPTH");
}

TEST_F(ModelTree, RefusesAFlippedBit) {
  const std::string bundle = sign();
  folder_.write("model/vad.onnx", "weighus");
  EXPECT_EQ(verify_code(bundle), "OMS-DIGEST");
}

TEST_F(ModelTree, RefusesAMissingFile) {
  const std::string bundle = sign();
  fs::remove(path() + "/config/labels.txt");
  EXPECT_EQ(verify_code(bundle), "OMS-MISSING");
}

TEST_F(ModelTree, RefusesAFileThatWasNotSigned) {
  const std::string bundle = sign();
  folder_.write("model/config/zero", "");
  EXPECT_EQ(verify_code(bundle), "OMS-UNLISTED") << "be it empty";
}

TEST_F(ModelTree, AProgressThatThrowsEndsTheHashingWhicheverThreadItIsOn) {
  for (int i = 0; i < 32; ++i)
    folder_.write("model/" + std::to_string(i), std::string(1000, 'x'));
  const HashOptions options{.ignore = {},
                            .progress = [](const HashProgress&) { throw std::runtime_error("x"); },
                            .threads = 4};
  EXPECT_THROW((void)hash_model(path(), options), std::runtime_error);
}

TEST_F(ModelTree, TellsTheFirstRefusalHoweverManyThreadsThereAre) {
  for (int i = 10; i < 60; ++i)
    folder_.write("model/part-" + std::to_string(i), std::string(2000, 'w'));
  const std::string bundle = sign();
  for (const int i : {17, 18, 30, 59})
    folder_.write("model/part-" + std::to_string(i), "changed");
  for (int round = 0; round < 20; ++round) {
    const auto verified =
        verify_model(path(), bundle, publishers_, {.ignore = {}, .progress = {}, .threads = 4});
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, "OMS-DIGEST");
    EXPECT_TRUE(verified.error().cause.starts_with("part-17:")) << verified.error().cause;
  }
}

TEST_F(ModelTree, SeveralThreadsHashWhatOneDoes) {
  for (int i = 0; i < 50; ++i)
    folder_.write("model/part-" + std::to_string(i), std::string(100'000, static_cast<char>(i)));
  std::uint64_t done = 0;
  HashOptions options{.ignore = {}, .progress = {}, .threads = 4};
  options.progress = [&](const HashProgress& progress) {
    EXPECT_GT(progress.bytes_done, done) << "one at a time";
    done = progress.bytes_done;
  };
  const auto together = hash_model(path(), options);
  const auto alone = hash_model(path(), {.ignore = {}, .progress = {}, .threads = 1});
  ASSERT_TRUE(together && alone);
  EXPECT_EQ(together->resources, alone->resources);
  EXPECT_EQ(done, 50U * 100'000 + 7 + 15);
}

TEST_F(ModelTree, RefusesAFolderInPlaceOfAFileAndTheReverse) {
  const std::string bundle = sign();
  EXPECT_EQ(verify_model(path() + "/vad.onnx", bundle, publishers_).error().code, "OMS-UNLISTED");
  const std::string single = *sign_model(*hash_model(path() + "/vad.onnx"), key_);
  EXPECT_EQ(verify_code(single), "OMS-UNLISTED");
  fs::remove_all(path());
  fs::create_directories(path());
  EXPECT_EQ(verify_code(single), "OMS-MISSING");
}

TEST_F(ModelTree, RefusesAFileThatChangesWhileItIsRead) {
  bool touched = false;
  HashOptions options;
  options.progress = [&](const HashProgress& progress) {
    if (touched || progress.file != "vad.onnx") return;
    touched = true;
    folder_.write("model/vad.onnx", "other weights");
  };
  EXPECT_EQ(hash_model(path(), options).error().code, "OMS-CHANGED");
  EXPECT_TRUE(touched);
}

TEST_F(ModelTree, RefusesAStrangersBundleBeforeItReadsAFile) {
  const auto stranger = *sign_model(*hash_model(path()), PrivateKey::generate_p256());
  fs::remove_all(path());
  EXPECT_EQ(verify_code(stranger), "OMS-UNTRUSTED");
}

TEST_F(ModelTree, LeavesOutGitAtTheTopAlone) {
  const auto plain = hash_model(path());
  folder_.write("model/.git/config", "x");
  folder_.write("model/.gitignore", "x");
  folder_.write("model/.gitattributes", "x");
  folder_.write("model/.github/workflow", "x");
  EXPECT_EQ(hash_model(path())->root, plain->root);
  folder_.write("model/config/.gitignore", "x");
  EXPECT_NE(hash_model(path())->root, plain->root);
}

TEST_F(ModelTree, ToleratesIgnoredFilesButNeverListsThem) {
  folder_.write("model/notes/draft", "x");
  const std::string bundle = sign({.ignore = {"notes"}, .progress = {}});
  folder_.write("model/notes/evil.onnx", "added under the signer's ignore_paths");
  folder_.write("model/.git/evil.onnx", "added where nobody looks");
  const auto verified = verify_model(path(), bundle, publishers_);
  ASSERT_TRUE(verified) << describe(verified.error());
  EXPECT_EQ((*verified)->manifest.resources.size(), 2U);
  EXPECT_EQ((*verified)->manifest.find_file("notes/evil.onnx"), nullptr);
  EXPECT_EQ((*verified)->manifest.find_file(".git/evil.onnx"), nullptr);
}

TEST_F(ModelTree, NeverFollowsALinkInWhatItIgnores) {
  const std::string bundle = sign();
  fs::create_directory_symlink("/", path() + "/.git");
  EXPECT_EQ(verify_code(bundle), "verified");
}

TEST_F(ModelTree, ToleratesTheBundleItselfWhenToldSo) {
  const std::string bundle = sign();
  folder_.write("model/model.sig", bundle);
  EXPECT_EQ(verify_code(bundle), "OMS-UNLISTED");
  EXPECT_EQ(verify_code(bundle, {.ignore = {"model.sig"}, .progress = {}}), "verified");
}

TEST_F(ModelTree, HashesFilesInSpecOrder) {
  const auto manifest = hash_model(path() + "/");
  ASSERT_TRUE(manifest) << describe(manifest.error());
  EXPECT_EQ(manifest->model_name, "model");
  ASSERT_EQ(manifest->resources.size(), 2U);
  EXPECT_EQ(manifest->resources[0].name, "config/labels.txt");
  EXPECT_EQ(manifest->resources[1].name, "vad.onnx");
  EXPECT_EQ(manifest->resources[1].sha256, crypto::sha256(as_bytes("weights")));
  EXPECT_EQ(verify_code(sign()), "verified");
}

TEST_F(ModelTree, HashesASingleFile) {
  const auto manifest = hash_model(path() + "/vad.onnx");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->model_name, "vad.onnx");
  ASSERT_EQ(manifest->resources.size(), 1U);
  EXPECT_EQ(manifest->resources[0].name, ".");
  EXPECT_TRUE(manifest->ignore_paths.empty());
  EXPECT_TRUE(verify_model(path() + "/vad.onnx", *sign_model(*manifest, key_), publishers_));
}

TEST_F(ModelTree, TellsHowFarItIs) {
  folder_.write("model/large", std::string(3'000'000, 'x'));
  std::vector<std::uint64_t> done;
  std::uint64_t total = 0;
  HashOptions options;
  options.progress = [&](const HashProgress& progress) {
    done.push_back(progress.bytes_done);
    total = progress.bytes_total;
  };
  ASSERT_TRUE(hash_model(path(), options));
  EXPECT_EQ(total, 3'000'000U + 7 + 15);
  EXPECT_EQ(done.back(), total);
  EXPECT_TRUE(std::ranges::is_sorted(done));
  EXPECT_GE(done.size(), 5U);
}

}  // namespace
}  // namespace vedette::release
