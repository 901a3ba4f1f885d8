#include <filesystem>

#include <gtest/gtest.h>

#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

class ProvenanceCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    desk_.write("vad.onnx", "weights of a model");
    for (const char* name : {"publisher", "builder"})
      ASSERT_EQ(desk_.run({"key", "generate", desk_.path(name), "--insecure-unencrypted"}).code, 0);
    ASSERT_EQ(
        desk_.run({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("publisher")}).code,
        0);
    desk_.write("data.txt", "one\ntwo\n");
    const Outcome data =
        desk_.run({"model", "provenance", "fingerprint", "--lines", desk_.path("data.txt")});
    ASSERT_EQ(data.code, 0) << data.err;
    desk_.write("data.toml",
                "[[datasets]]\nname = \"d\"\nsplit = \"test\"\nlicence = \"MIT\"\n" + data.out);
    desk_.write("build.toml", "[build]\ntype = \"https://a/b\"\nbuilder = \"https://a/c\"\n");
  }
  Outcome sign(const std::string& from, const std::string& key) {
    return desk_.run_json({"model", "provenance", "sign", desk_.path("vad.onnx"), "--publisher",
                           desk_.path("publisher.pub"), "--builder", desk_.path("builder.pub"),
                           "--from", desk_.path(from), "--key", desk_.path(key)});
  }
  Outcome verify(const std::vector<std::string>& more = {}, const char* verb = "verify") {
    std::vector<std::string> words{"model",       "provenance",
                                   verb,          desk_.path("vad.onnx"),
                                   "--publisher", desk_.path("publisher.pub")};
    words.insert(words.end(), more.begin(), more.end());
    return desk_.run_json(words);
  }
  Desk desk_;
};

TEST_F(ProvenanceCommands, VerifyRefusesAModelThatChanged) {
  ASSERT_EQ(sign("data.toml", "publisher").code, 0);
  desk_.write("vad.onnx", "veights of a model");
  EXPECT_EQ(verify().refusal(), "OMS-DIGEST");
  EXPECT_EQ(verify().code, 3);
}

TEST_F(ProvenanceCommands, VerifyRefusesABuilderThatNobodyTrusts) {
  ASSERT_EQ(sign("build.toml", "builder").code, 0);
  const Outcome refused = verify();
  EXPECT_EQ(refused.code, 3);
  EXPECT_EQ(refused.refusal(), "DSSE-UNTRUSTED");
  EXPECT_EQ(verify({}, "bom").refusal(), "DSSE-UNTRUSTED");
  EXPECT_EQ(verify({"--builder", desk_.path("builder.pub")}).code, 0);
}

TEST_F(ProvenanceCommands, SignRefusesWhatNobodyWouldBelieveOfABuilder) {
  EXPECT_EQ(sign("data.toml", "builder").refusal(), "DSSE-UNTRUSTED");
  EXPECT_EQ(verify().refusal(), "FILE-OPEN") << "and writes nothing";
}

TEST_F(ProvenanceCommands, ASecondSignerAddsAndTakesNothingAway) {
  ASSERT_EQ(sign("build.toml", "builder").code, 0);
  ASSERT_EQ(sign("data.toml", "publisher").code, 0);
  const std::vector<std::string> all{"--builder", desk_.path("builder.pub"), "--require",
                                     "build,datasets"};
  const Outcome both = verify(all);
  ASSERT_EQ(both.code, 0) << both.out;
  const codec::Json shown = both.json();
  const codec::Json& signers = **shown.object("signers");
  EXPECT_NE(signers.string("build").value(), signers.string("datasets").value());
  EXPECT_EQ(sign("data.toml", "publisher").refusal(), "PROV-TWICE");
  EXPECT_EQ(verify(all).code, 0);
}

TEST_F(ProvenanceCommands, ABuildersKeyThatIsNamedSpeaksForThatBuilderAlone) {
  ASSERT_EQ(sign("build.toml", "builder").code, 0);
  const std::string key = desk_.path("builder.pub");
  EXPECT_EQ(verify({"--builder", "https://a/other=" + key}).refusal(), "PROV-BUILDER");
  EXPECT_EQ(verify({"--builder", "https://a/c=" + key}).code, 0);
  EXPECT_EQ(verify({"--builder", "https://a/other=" + key, "--builder", "https://a/c=" + key}).code,
            0);
  EXPECT_EQ(verify({"--builder", "https://a/c=" + desk_.path("none.pub")}).refusal(), "FILE-OPEN");
}

TEST_F(ProvenanceCommands, APartThatWasLeftOutOnTheWayIsMissed) {
  ASSERT_EQ(sign("data.toml", "publisher").code, 0);
  const Outcome missed = verify({"--require", "datasets,build"});
  EXPECT_EQ(missed.code, 3);
  EXPECT_EQ(missed.refusal(), "PROV-MISSING");
}

TEST_F(ProvenanceCommands, SignRefusesWhatTheAuthorMisspelt) {
  desk_.write("wrong.toml", "[build]\ntype = \"t\"\nbuilder = \"b\"\nbuilt = \"x\"\n");
  const Outcome outcome = sign("wrong.toml", "publisher");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "PROV-MEMBER");
  EXPECT_TRUE(outcome.out.contains("'build.built'")) << outcome.out;
}

TEST_F(ProvenanceCommands, VerifyWithoutAProvenanceFails) {
  EXPECT_EQ(verify().refusal(), "FILE-OPEN");
  EXPECT_EQ(verify().code, 1);
}

TEST_F(ProvenanceCommands, OfAFolderLiesBesideItHoweverItsPathIsWritten) {
  std::filesystem::create_directory(desk_.path("voice"));
  desk_.write("voice/vad.onnx", "weights of a model");
  const std::string folder = desk_.path("voice") + "/";
  const std::vector<std::string> trust{"--publisher", desk_.path("publisher.pub")};
  const std::string key = desk_.path("publisher");
  ASSERT_EQ(desk_.run({"model", "sign", folder, "--key", key}).code, 0);
  ASSERT_EQ(desk_
                .run({"model", "provenance", "sign", folder, "--key", key, "--from",
                      desk_.path("data.toml"), trust[0], trust[1]})
                .code,
            0);
  EXPECT_EQ(desk_.run({"model", "verify", folder, trust[0], trust[1]}).code, 0);
  EXPECT_EQ(
      desk_.run({"model", "provenance", "verify", desk_.path("voice"), trust[0], trust[1]}).code,
      0);
}

TEST_F(ProvenanceCommands, WhatIsSignedIsShownAndMakesABill) {
  ASSERT_EQ(sign("data.toml", "publisher").code, 0);
  const Outcome shown = verify();
  ASSERT_EQ(shown.code, 0) << shown.out;
  const codec::Json json = shown.json();
  EXPECT_TRUE(json.boolean("verified").value_or(false));
  const codec::Json& data = (*(*json.object("provenance"))->array("datasets"))->if_array()->front();
  EXPECT_EQ(data.integer("records").value_or(0), 2);
  const Outcome bom = verify({"--version", "4"}, "bom");
  EXPECT_EQ(bom.json().string("bomFormat").value_or(""), "CycloneDX");
  ASSERT_EQ(verify({"--output", desk_.path("bom.json")}, "bom").code, 0);
}

}  // namespace
}  // namespace vedette::cli
