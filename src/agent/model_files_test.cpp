#include "agent/model_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "testing/file_server.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

using release::FileIdentity;

constexpr std::uint64_t kLimit = 1 << 20U;

class ModelFilesTest : public ::testing::Test {
 protected:
  ModelFilesTest() {
    for (std::size_t i = 0; i < target_.size(); i += 400)
      target_[i] ^= 1U;
    target_file_ = server_.add(target_);
    delta_ = make_delta(base_);
    delta_file_ = server_.add(delta_);
    wanted_.file = target_file_;
    wanted_.deltas = {sign(key_, base_, delta_file_)};
  }

  [[nodiscard]] Bytes make_delta(const Bytes& base) const {
    Bytes delta;
    EXPECT_TRUE(release::make_delta(base, target_, [&](ByteView piece) -> Result<void> {
                  append(delta, piece);
                  return {};
                }).has_value());
    return delta;
  }
  [[nodiscard]] std::string sign(const crypto::PrivateKey& key, const Bytes& base,
                                 const FileIdentity& delta) const {
    return release::sign_delta_statement({.model = "m.onnx",
                                          .base = {crypto::sha256(base), base.size()},
                                          .target = target_file_,
                                          .delta = delta},
                                         key)
        .value();
  }
  [[nodiscard]] PresentFile present(const Bytes& file) const {
    auto memory = inference::ModelWriter::create(kLimit).value();
    EXPECT_TRUE(memory.append(file).has_value());
    return {.file = {crypto::sha256(file), file.size()},
            .memory = std::make_shared<inference::SealedModel>(std::move(memory).seal().value())};
  }
  [[nodiscard]] ModelCache open_cache() const {
    return ModelCache::open(folder_.path() + "/models", kLimit).value();
  }
  [[nodiscard]] std::string cached(const FileIdentity& file) const {
    return folder_.path() + "/models/" + to_hex(file.sha256);
  }

  // How it came, `whole` by name; or the refusal's code. What came is the target.
  std::string obtain(ModelFiles& files, const std::optional<PresentFile>& have = std::nullopt) {
    const std::array publishers{key_.public_key()};
    const auto got = files.obtain(server_, "ear", wanted_, publishers, have, kLimit);
    if (!got) return got.error().code;
    const auto view = inference::ModelView::map(got->sealed);
    EXPECT_TRUE(equal(view->bytes(), target_));
    return got->way == Way::whole ? "whole" : text_of(*got);
  }
  static std::string trouble(ModelFiles& files) {
    const auto told = files.trouble();
    return told ? told->code : "";
  }

  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  TemporaryFolder folder_;
  testing::FileServer server_;
  Bytes base_ = crypto::random_bytes(40'000);
  Bytes target_ = base_;
  Bytes delta_;
  FileIdentity target_file_;
  FileIdentity delta_file_;
  WantedRelease wanted_{*ModelName::parse("voice"), 2, {}, {}};
};

TEST_F(ModelFilesTest, ADeltaThatNobodyTrustedSignedIsNotEvenAskedFor) {
  wanted_.deltas = {sign(crypto::PrivateKey::generate_p256(), base_, delta_file_), "{}"};
  ModelFiles files;
  EXPECT_EQ(obtain(files, present(base_)), "whole");
  EXPECT_NE(trouble(files), "");
  EXPECT_EQ(server_.asked, std::vector{to_hex(target_file_.sha256)});
}

TEST_F(ModelFilesTest, ADeltaThatLeadsElsewhereIsPassedByAndNotAskedForAgain) {
  Bytes other = delta_;
  other.back() ^= 1U;
  const FileIdentity other_file = server_.add(other);
  wanted_.deltas = {sign(key_, base_, other_file)};
  ModelFiles files;
  EXPECT_EQ(obtain(files, present(base_)), "whole");
  EXPECT_TRUE(trouble(files).starts_with("DELTA-"));
  EXPECT_EQ(server_.asked, (std::vector{to_hex(other_file.sha256), to_hex(target_file_.sha256)}));
  server_.asked.clear();
  EXPECT_EQ(obtain(files, present(base_)), "whole");
  EXPECT_EQ(server_.asked, std::vector{to_hex(target_file_.sha256)});
}

TEST_F(ModelFilesTest, ADeltasOctetsAreHeldToWhatWasSigned) {
  server_.files[to_hex(delta_file_.sha256)].back() ^= 1U;
  ModelFiles files;
  EXPECT_EQ(obtain(files, present(base_)), "whole");
  EXPECT_EQ(trouble(files), "REL-DIGEST");
}

TEST_F(ModelFilesTest, WithoutItsBaseADeltaIsNotAskedFor) {
  ModelFiles files;
  EXPECT_TRUE(files.having(std::nullopt).empty());
  EXPECT_EQ(obtain(files), "whole");
  EXPECT_EQ(obtain(files, present(target_)), "whole");
  EXPECT_EQ(trouble(files), "");
}

TEST_F(ModelFilesTest, WhatRunsIsPatched) {
  ModelFiles files;
  const PresentFile running = present(base_);
  EXPECT_EQ(files.having(running), std::vector{running.file.sha256});
  EXPECT_EQ(obtain(files, running), "by a delta of " + std::to_string(delta_.size()) + " bytes");
  EXPECT_EQ(server_.octets, delta_.size());
}

TEST_F(ModelFilesTest, ABreakIsABreakAndTheDeltaGoesOn) {
  ModelFiles files;
  server_.breaks_after = 10;
  EXPECT_EQ(obtain(files, present(base_)), "NET-CLOSED");
  server_.breaks_after = SIZE_MAX;
  EXPECT_NE(obtain(files, present(base_)), "whole");
  EXPECT_EQ(server_.octets, delta_.size());
}

// What is left of a whole file that is nearly there may be less than the delta.
TEST_F(ModelFilesTest, TheLesserRestIsTaken) {
  ModelFiles files;
  server_.breaks_after = target_.size() - 10;
  EXPECT_EQ(obtain(files), "NET-CLOSED");
  server_.breaks_after = SIZE_MAX;
  EXPECT_EQ(obtain(files, present(base_)), "whole");
  EXPECT_EQ(server_.octets, target_.size());
}

TEST_F(ModelFilesTest, TheRestOfAFileWhoseBeginningIsOnDiskIsTakenAfterARestartToo) {
  ModelCache cache = open_cache();
  {
    ModelFiles files(&cache);
    server_.breaks_after = target_.size() - 10;
    EXPECT_EQ(obtain(files), "NET-CLOSED");
  }
  ModelFiles files(&cache);
  server_.breaks_after = SIZE_MAX;
  EXPECT_EQ(obtain(files, present(base_)), "whole");
  EXPECT_EQ(server_.octets, target_.size());
}

TEST_F(ModelFilesTest, WhatCameOfAnotherFileSavesNothing) {
  ModelFiles files;
  wanted_.file = server_.add(crypto::random_bytes(target_.size()));
  server_.breaks_after = target_.size() - 10;
  EXPECT_EQ(obtain(files), "NET-CLOSED");
  server_.breaks_after = SIZE_MAX;
  wanted_.file = target_file_;
  EXPECT_TRUE(obtain(files, present(base_)).starts_with("by a delta of "));
}

TEST_F(ModelFilesTest, ABusyServerMakesNoDeltaUseless) {
  ModelFiles files;
  server_.refusal = "STORE-BUSY";
  EXPECT_EQ(obtain(files, present(base_)), "STORE-BUSY");
  server_.refusal.clear();
  EXPECT_TRUE(obtain(files, present(base_)).starts_with("by a delta of "));
}

TEST_F(ModelFilesTest, WhatChangedOnDiskIsDroppedAndFetched) {
  ModelCache cache = open_cache();
  {
    ModelFiles files(&cache);
    ASSERT_EQ(obtain(files), "whole");
  }
  {
    std::fstream file(cached(target_file_), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put(static_cast<char>(target_[100] ^ 1U));
  }
  ModelFiles files(&cache);
  EXPECT_EQ(obtain(files), "whole");
  EXPECT_EQ(trouble(files), "REL-DIGEST");
  EXPECT_EQ(obtain(files), "from disk");
}

TEST_F(ModelFilesTest, ARestartFetchesNothingTwice) {
  ModelCache cache = open_cache();
  {
    ModelFiles files(&cache);
    server_.breaks_after = 15'000;
    EXPECT_EQ(obtain(files), "NET-CLOSED");
  }
  {
    ModelFiles files(&cache);
    server_.breaks_after = SIZE_MAX;
    EXPECT_EQ(obtain(files), "whole");
    EXPECT_EQ(server_.octets, target_.size());
  }
  ModelFiles files(&cache);
  EXPECT_EQ(obtain(files), "from disk");
  EXPECT_EQ(server_.octets, target_.size());
}

// As after a power cut, or by whoever had the disk.
TEST_F(ModelFilesTest, AWrongBeginningCostsOneDownloadAndNoMore) {
  ModelCache cache = open_cache();
  {
    ModelFiles files(&cache);
    server_.breaks_after = 15'000;
    EXPECT_EQ(obtain(files), "NET-CLOSED");
    server_.breaks_after = SIZE_MAX;
  }
  {
    std::fstream file(cached(target_file_) + ".part",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.put(static_cast<char>(target_[0] ^ 1U));
  }
  ModelFiles files(&cache);
  EXPECT_EQ(obtain(files), "REL-DIGEST");
  EXPECT_EQ(obtain(files), "whole");
}

TEST_F(ModelFilesTest, WhatIsOnDiskIsPatchedAndTheResultIsKept) {
  ModelCache cache = open_cache();
  {
    auto part = cache.begin({crypto::sha256(base_), base_.size()}).value();
    ASSERT_TRUE(part.append(base_).has_value());
    ASSERT_TRUE(cache.keep(std::move(part)).has_value());
  }
  ModelFiles files(&cache);
  EXPECT_EQ(files.having(std::nullopt), std::vector{crypto::sha256(base_)});
  EXPECT_EQ(obtain(files), "by a delta of " + std::to_string(delta_.size()) + " bytes");
  EXPECT_EQ(obtain(files), "from disk");
  EXPECT_EQ(server_.octets, delta_.size());
}

TEST_F(ModelFilesTest, ADiskThatTakesNothingKeepsNoModelAway) {
  ModelCache cache = ModelCache::open(folder_.path() + "/models", 100).value();
  ModelFiles files(&cache);
  EXPECT_EQ(obtain(files), "whole");
  EXPECT_EQ(trouble(files), "CACHE-FULL");
}

}  // namespace
}  // namespace vedette::agent
