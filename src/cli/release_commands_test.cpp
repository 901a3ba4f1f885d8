#include <array>

#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "cli/key_files.h"
#include "crypto/digest.h"
#include "release/release_statement.h"

namespace vedette::cli {
namespace {

class ReleaseCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    desk.write("vad.onnx", kWeights);
    for (const char* name : {"publisher", "stranger"})
      ASSERT_EQ(desk.run({"key", "generate", desk.path(name), "--insecure-unencrypted"}).code, 0);
    ASSERT_EQ(
        desk.run({"model", "sign", desk.path("vad.onnx"), "--key", desk.path("publisher")}).code,
        0);
  }
  Outcome publish(const std::string& key = "publisher", const std::string& tier = "high") {
    return desk.run_json({"release", "publish", desk.path("vad.onnx"), "--name", "vad", "--release",
                          "3", "--tier", tier, "--key", desk.path(key)});
  }
  Outcome publish_under(const std::string& contract, const std::vector<std::string>& more = {}) {
    std::vector<std::string> line{"release",
                                  "publish",
                                  desk.path("vad.onnx"),
                                  "--name",
                                  "vad",
                                  "--release",
                                  "3",
                                  "--tier",
                                  "high",
                                  "--key",
                                  desk.path("publisher"),
                                  "--contract",
                                  desk.path(contract)};
    line.insert(line.end(), more.begin(), more.end());
    return desk.run_json(line);
  }
  static constexpr const char* kWeights = "weights of a model";
  const std::string blob = "PUT /v1/blobs/" + to_hex(crypto::sha256(as_bytes(kWeights)));
  Desk desk;
};

TEST_F(ReleaseCommands, PublishSendsNothingOfAModelThatWasChanged) {
  desk.write("vad.onnx", "veights of a model");
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-DIGEST");
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishSendsNothingOfAModelThatAnotherSigned) {
  const Outcome outcome = publish("stranger");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-UNTRUSTED");
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishSendsNothingOfAModelWithoutOnnx) {
  desk.write("vad.bin", kWeights);
  ASSERT_EQ(desk.run({"model", "sign", desk.path("vad.bin"), "--key", desk.path("publisher")}).code,
            0);
  const Outcome outcome =
      desk.run_json({"release", "publish", desk.path("vad.bin"), "--name", "vad", "--release", "3",
                     "--tier", "low", "--key", desk.path("publisher")});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-ONNX");
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishKnowsItsTiersAndNumbers) {
  EXPECT_EQ(publish("publisher", "extreme").code, 2);
  EXPECT_EQ(desk.run_json({"release", "publish", desk.path("vad.onnx"), "--name", "vad",
                           "--release", "0", "--tier", "low", "--key", desk.path("publisher")})
                .code,
            2);
}

TEST_F(ReleaseCommands, PublishDoesNotAnnounceAReleaseWhoseFileWasRefused) {
  desk.server.refuse_all();
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "POL-DENIED");
  EXPECT_EQ(desk.server.requests().size(), 1U);
}

TEST_F(ReleaseCommands, PublishPassesTheRegistrysRefusalOn) {
  desk.server.answer(blob, "{}");
  desk.server.answer("POST /v1/releases",
                     R"({"error":{"code":"REL-EXISTS","message":"there is that release already",)"
                     R"("hint":"choose a higher number"}})",
                     409);
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-EXISTS");
}

// A TUF repository lists these octets, and a device compares them with what the server gives it.
TEST_F(ReleaseCommands, PublishKeepsTheStatementAsItIsSent) {
  desk.server.answer(blob, "{}");
  desk.server.answer("POST /v1/releases", R"({"model":"vad","release":3})");
  const auto publish_and_keep = [&](const std::string& path) {
    return desk.run_json({"release", "publish", desk.path("vad.onnx"), "--name", "vad", "--release",
                          "3", "--tier", "high", "--key", desk.path("publisher"), "--statement",
                          desk.path(path)});
  };
  EXPECT_EQ(publish_and_keep("nowhere/statement").refusal(), "FILE-CREATE");
  EXPECT_TRUE(desk.server.requests().empty());
  ASSERT_EQ(publish_and_keep("statement").code, 0);
  const std::string& sent = desk.server.requests().back();
  const auto body = codec::parse_json(sent.substr(sent.find('{'))).value();
  EXPECT_EQ(desk.read("statement"), body.string("statement").value());
}

TEST_F(ReleaseCommands, PublishSendsTheFileThenBothSignatures) {
  desk.server.answer(blob, "{}");
  desk.server.answer("POST /v1/releases", R"({"model":"vad","release":3})");
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  ASSERT_EQ(desk.server.requests().size(), 2U);
  EXPECT_EQ(desk.server.requests()[0], blob + " " + kWeights);
  const std::string prefix = "POST /v1/releases ";
  ASSERT_TRUE(desk.server.requests()[1].starts_with(prefix));
  const auto body = codec::parse_json(desk.server.requests()[1].substr(prefix.size())).value();
  const auto publishers = load_public_keys({desk.path("publisher.pub")}).value();
  const auto release = release::verify_release(body.string("bundle").value(),
                                               body.string("statement").value(), publishers);
  ASSERT_TRUE(release.has_value()) << describe(release.error());
  EXPECT_EQ((*release)->model.str(), "vad");
  EXPECT_EQ((*release)->number, 3U);
  EXPECT_EQ((*release)->tier, release::Tier::high);
  EXPECT_EQ((*release)->file_name, "vad.onnx");
  EXPECT_EQ(to_rfc3339((*release)->issued_at), "2026-11-23T12:53:00Z");
  EXPECT_EQ(outcome.json().string("model").value_or(""), "vad");
}

TEST_F(ReleaseCommands, PublishSendsNothingOfAContractThatWidensUnlessThatIsAccepted) {
  desk.write("contract.toml", "powers = [{threads = 4}]\n");
  const Outcome outcome = publish_under("contract.toml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "CLI-WIDENING");
  EXPECT_TRUE(outcome.out.contains("it runs on 4 threads")) << outcome.out;
  EXPECT_TRUE(outcome.out.contains("--accept-widening")) << outcome.out;
  EXPECT_TRUE(desk.server.requests().empty());
  desk.server.answer(blob, "{}");
  desk.server.answer("POST /v1/releases", "{}");
  const Outcome accepted = publish_under("contract.toml", {"--accept-widening"});
  EXPECT_EQ(accepted.code, 0) << accepted.out;
  EXPECT_TRUE(accepted.out.contains("it runs on 4 threads")) << accepted.out;
}

TEST_F(ReleaseCommands, PublishSendsNothingOfAContractThatIsNone) {
  desk.write("contract.toml", "memory = 1\n");
  const Outcome outcome = publish_under("contract.toml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-CONTRACT");
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishSendsTheContractThatTheReleaseNames) {
  desk.write("contract.toml", "queue = 3\n");
  desk.server.answer(blob, "{}");
  desk.server.answer("POST /v1/releases", "{}");
  const Outcome outcome = publish_under("contract.toml");
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  const std::string prefix = "POST /v1/releases ";
  const auto body = codec::parse_json(desk.server.requests().back().substr(prefix.size())).value();
  const auto publishers = load_public_keys({desk.path("publisher.pub")}).value();
  const auto release =
      release::verify_release(body.string("bundle").value(), body.string("statement").value(),
                              publishers, body.string("contract").value());
  ASSERT_TRUE(release.has_value()) << describe(release.error());
  ASSERT_TRUE((*release)->contract.has_value());
  const release::SignedContract& contract = **(*release)->contract;
  EXPECT_EQ(contract.queue, 3U);
  EXPECT_EQ(outcome.json().find("contract")->string("sha256").value_or(""),
            to_hex(contract.contract_sha256));
}

TEST_F(ReleaseCommands, ShowTellsTheContractAndWhatItWidens) {
  desk.server.answer("GET /v1/releases",
                     R"({"releases":[{"model":"vad","release":2},{"model":"vad","release":3,)"
                     R"("contract":{"sha256":"0123456789abcdef","widenings":["it runs on 4 )"
                     R"(threads"]}}]})");
  const Outcome text = desk.run({"release", "show", "vad", "3"});
  EXPECT_EQ(text.code, 0);
  EXPECT_TRUE(text.out.contains("contract.sha256     0123456789abcdef\n")) << text.out;
  EXPECT_TRUE(text.out.contains("contract.widenings  it runs on 4 threads\n")) << text.out;
  EXPECT_EQ(desk.run_json({"release", "show", "vad", "4"}).refusal(), "HTTP-NOT-FOUND");
  EXPECT_TRUE(desk.run({"release", "list"}).out.contains("0123456789ab, 1 widening\n"));
}

TEST_F(ReleaseCommands, ListPassesTheServersAnswerThroughAsJson) {
  desk.server.answer("GET /v1/releases", R"({"releases":[{"model":"vad","release":3}]})");
  EXPECT_EQ(desk.run_json({"release", "list"}).json(),
            codec::parse_json(R"({"releases":[{"model":"vad","release":3}]})").value());
  EXPECT_NE(desk.run({"release", "list"}).out.find("vad    3"), std::string::npos);
}

TEST_F(ReleaseCommands, BlockSaysWhy) {
  desk.server.answer("POST /v1/releases/vad/3/block", "{}");
  const Outcome outcome = desk.run_json({"release", "block", "vad", "3", "--reason", "biased"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.json().boolean("blocked").value_or(false));
  EXPECT_EQ(desk.server.requests().back(), R"(POST /v1/releases/vad/3/block {"reason":"biased"})");
}

}  // namespace
}  // namespace vedette::cli
