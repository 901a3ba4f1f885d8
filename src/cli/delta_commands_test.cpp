#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

class DeltaCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    desk.write("old.onnx", old);
    desk.write("new.onnx", old + " and again");
    ASSERT_EQ(desk.run_json({"model", "delta", desk.path("old.onnx"), desk.path("new.onnx")}).code,
              0);
  }
  Outcome patch(const std::string& base, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"model",         "patch",
                                   desk.path(base), desk.path("new.onnx.delta"),
                                   "--to",          desk.path("made.onnx")};
    words.insert(words.end(), more.begin(), more.end());
    return desk.run_json(words);
  }
  // Neither the file nor what it was written to first.
  void expect_nothing_made() {
    for (const auto& entry : std::filesystem::directory_iterator(desk.path("")))
      EXPECT_FALSE(entry.path().filename().string().starts_with("made.onnx")) << entry.path();
  }

  Desk desk;
  std::string old = std::string(5000, 'w') + "eights of a model";
};

TEST_F(DeltaCommands, PatchRefusesAnotherBaseAndLeavesNothing) {
  desk.write("old.onnx", "another");
  const Outcome outcome = patch("old.onnx");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "DELTA-BASE");
  expect_nothing_made();
}

TEST_F(DeltaCommands, PatchRefusesADamagedDeltaAndLeavesNothing) {
  std::string delta = desk.read("new.onnx.delta");
  delta.pop_back();
  desk.write("new.onnx.delta", delta);
  const Outcome outcome = patch("old.onnx");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "DELTA-SYNTAX");
  expect_nothing_made();
}

TEST_F(DeltaCommands, PatchRefusesAnotherTargetThanTheWantedOne) {
  const Outcome outcome = patch("old.onnx", {"--sha256", std::string(64, 'a')});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "DELTA-TARGET");
  expect_nothing_made();
}

TEST_F(DeltaCommands, PatchBelievesOnlyTheDeltaThatATrustedPublisherSigned) {
  for (const char* name : {"publisher", "stranger"})
    ASSERT_EQ(desk.run({"key", "generate", desk.path(name), "--insecure-unencrypted"}).code, 0);
  const std::vector<std::string> trusting{"--publisher", desk.path("publisher.pub")};
  EXPECT_EQ(patch("old.onnx", trusting).refusal(), "FILE-OPEN") << "nobody signed it";
  ASSERT_EQ(desk.run_json({"model", "delta", desk.path("old.onnx"), desk.path("new.onnx"), "--key",
                           desk.path("publisher")})
                .code,
            0);
  const Outcome strange = patch("old.onnx", {"--publisher", desk.path("stranger.pub")});
  EXPECT_EQ(strange.code, 3);
  EXPECT_EQ(strange.refusal(), "DSSE-UNTRUSTED");
  const std::string delta = desk.read("new.onnx.delta");
  desk.write("new.onnx.delta", delta + "x");
  EXPECT_EQ(patch("old.onnx", trusting).refusal(), "DELTA-DIGEST");
  expect_nothing_made();
  desk.write("new.onnx.delta", delta);
  ASSERT_EQ(patch("old.onnx", trusting).code, 0);
  EXPECT_EQ(desk.read("made.onnx"), desk.read("new.onnx"));
}

TEST_F(DeltaCommands, ADeltaMakesTheTargetOfTheBase) {
  ASSERT_EQ(patch("old.onnx").code, 0);
  EXPECT_EQ(desk.read("made.onnx"), desk.read("new.onnx"));
}

}  // namespace
}  // namespace vedette::cli
