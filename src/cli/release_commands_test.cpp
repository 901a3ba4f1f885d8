#include <array>

#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "cli/key_files.h"
#include "crypto/digest.h"
#include "release/release_approval.h"

namespace vedette::cli {
namespace {

using codec::Json;

class ReleaseCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    desk_.write("vad.onnx", kWeights);
    for (const char* name : {"publisher", "stranger"})
      ASSERT_EQ(desk_.run({"key", "generate", desk_.path(name), "--insecure-unencrypted"}).code, 0);
    ASSERT_EQ(
        desk_.run({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("publisher")}).code,
        0);
  }
  Outcome publish(const std::string& key = "publisher", const std::string& tier = "high") {
    return desk_.run_json({"release", "publish", desk_.path("vad.onnx"), "--name", "vad",
                           "--release", "3", "--tier", tier, "--key", desk_.path(key)});
  }
  Outcome publish_under(const std::string& contract, const std::vector<std::string>& more = {}) {
    std::vector<std::string> line{"release",
                                  "publish",
                                  desk_.path("vad.onnx"),
                                  "--name",
                                  "vad",
                                  "--release",
                                  "3",
                                  "--tier",
                                  "high",
                                  "--key",
                                  desk_.path("publisher"),
                                  "--contract",
                                  desk_.path(contract)};
    line.insert(line.end(), more.begin(), more.end());
    return desk_.run_json(line);
  }
  static constexpr const char* kWeights = "weights of a model";
  const std::string blob_ = "PUT /v1/blobs/" + to_hex(crypto::sha256(as_bytes(kWeights)));
  Desk desk_;
};

TEST_F(ReleaseCommands, PublishSendsNothingOfAModelThatWasChanged) {
  desk_.write("vad.onnx", "veights of a model");
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-DIGEST");
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishSendsNothingOfAModelThatAnotherSigned) {
  const Outcome outcome = publish("stranger");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-UNTRUSTED");
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishSendsNothingOfAModelWithoutOnnx) {
  desk_.write("vad.bin", kWeights);
  ASSERT_EQ(
      desk_.run({"model", "sign", desk_.path("vad.bin"), "--key", desk_.path("publisher")}).code,
      0);
  const Outcome outcome =
      desk_.run_json({"release", "publish", desk_.path("vad.bin"), "--name", "vad", "--release",
                      "3", "--tier", "low", "--key", desk_.path("publisher")});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-ONNX");
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishTakesTheFileThatAServerTakesWhateverItsCase) {
  desk_.write("VAD.ONNX", kWeights);
  ASSERT_EQ(
      desk_.run({"model", "sign", desk_.path("VAD.ONNX"), "--key", desk_.path("publisher")}).code,
      0);
  desk_.server.answer(blob_, "{}");
  desk_.server.answer("POST /v1/releases", R"({"model":"vad","release":3})");
  const Outcome outcome =
      desk_.run_json({"release", "publish", desk_.path("VAD.ONNX"), "--name", "vad", "--release",
                      "3", "--tier", "low", "--key", desk_.path("publisher")});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
}

TEST_F(ReleaseCommands, PublishKnowsItsTiersAndNumbers) {
  EXPECT_EQ(publish("publisher", "extreme").code, 2);
  EXPECT_EQ(desk_
                .run_json({"release", "publish", desk_.path("vad.onnx"), "--name", "vad",
                           "--release", "0", "--tier", "low", "--key", desk_.path("publisher")})
                .code,
            2);
}

TEST_F(ReleaseCommands, PublishDoesNotAnnounceAReleaseWhoseFileWasRefused) {
  desk_.server.refuse_all();
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "POL-DENIED");
  EXPECT_EQ(desk_.server.requests().size(), 1U);
}

TEST_F(ReleaseCommands, PublishPassesTheRegistrysRefusalOn) {
  desk_.server.answer(blob_, "{}");
  desk_.server.answer("POST /v1/releases",
                      R"({"error":{"code":"REL-EXISTS","message":"there is that release already",)"
                      R"("hint":"choose a higher number"}})",
                      409);
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-EXISTS");
}

// A TUF repository lists these octets, and a device compares them with what the server gives it.
TEST_F(ReleaseCommands, PublishKeepsTheStatementAsItIsSent) {
  desk_.server.answer(blob_, "{}");
  desk_.server.answer("POST /v1/releases", R"({"model":"vad","release":3})");
  const auto publish_and_keep = [&](const std::string& path) {
    return desk_.run_json({"release", "publish", desk_.path("vad.onnx"), "--name", "vad",
                           "--release", "3", "--tier", "high", "--key", desk_.path("publisher"),
                           "--statement", desk_.path(path)});
  };
  EXPECT_EQ(publish_and_keep("nowhere/statement").refusal(), "FILE-CREATE");
  EXPECT_TRUE(desk_.server.requests().empty());
  ASSERT_EQ(publish_and_keep("statement").code, 0);
  const std::string& sent = desk_.server.requests().back();
  const auto body = codec::parse_json(sent.substr(sent.find('{'))).value();
  EXPECT_EQ(desk_.read("statement"), body.string("statement").value());
}

TEST_F(ReleaseCommands, PublishSendsTheFileThenBothSignatures) {
  desk_.server.answer(blob_, "{}");
  desk_.server.answer("POST /v1/releases", R"({"model":"vad","release":3})");
  const Outcome outcome = publish();
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  ASSERT_EQ(desk_.server.requests().size(), 2U);
  EXPECT_EQ(desk_.server.requests()[0], blob_ + " " + kWeights);
  const std::string prefix = "POST /v1/releases ";
  ASSERT_TRUE(desk_.server.requests()[1].starts_with(prefix));
  const auto body = codec::parse_json(desk_.server.requests()[1].substr(prefix.size())).value();
  const auto publishers = load_public_keys({desk_.path("publisher.pub")}).value();
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
  desk_.write("contract.toml", "powers = [{threads = 4}]\n");
  const Outcome outcome = publish_under("contract.toml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "CLI-WIDENING");
  EXPECT_TRUE(outcome.out.contains("it runs on 4 threads")) << outcome.out;
  EXPECT_TRUE(outcome.out.contains("--accept-widening")) << outcome.out;
  EXPECT_TRUE(desk_.server.requests().empty());
  desk_.server.answer(blob_, "{}");
  desk_.server.answer("POST /v1/releases", "{}");
  const Outcome accepted = publish_under("contract.toml", {"--accept-widening"});
  EXPECT_EQ(accepted.code, 0) << accepted.out;
  EXPECT_TRUE(accepted.out.contains("it runs on 4 threads")) << accepted.out;
}

TEST_F(ReleaseCommands, PublishSendsNothingOfAContractThatIsNone) {
  desk_.write("contract.toml", "memory = 1\n");
  const Outcome outcome = publish_under("contract.toml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-CONTRACT");
  EXPECT_TRUE(desk_.server.requests().empty());
}

TEST_F(ReleaseCommands, PublishSendsTheContractThatTheReleaseNames) {
  desk_.write("contract.toml", "queue = 3\n");
  desk_.server.answer(blob_, "{}");
  desk_.server.answer("POST /v1/releases", "{}");
  const Outcome outcome = publish_under("contract.toml");
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  const std::string prefix = "POST /v1/releases ";
  const auto body = codec::parse_json(desk_.server.requests().back().substr(prefix.size())).value();
  const auto publishers = load_public_keys({desk_.path("publisher.pub")}).value();
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

class ReleaseWithDelta : public ReleaseCommands {
 protected:
  void SetUp() override {
    ReleaseCommands::SetUp();
    desk_.write("old.onnx", old_);
    desk_.write("vad.onnx", new_);
    EXPECT_EQ(make_delta("old.onnx", "vad.onnx", "publisher").code, 0);
    EXPECT_EQ(
        desk_.run({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("publisher")}).code,
        0);
  }
  Outcome make_delta(const std::string& base, const std::string& target, const std::string& key) {
    return desk_.run_json({"model", "delta", desk_.path(base), desk_.path(target), "--to",
                           desk_.path("vad.delta"), "--key", desk_.path(key)});
  }
  Outcome publish_it() {
    return desk_.run_json({"release", "publish", desk_.path("vad.onnx"), "--name", "vad",
                           "--release", "3", "--tier", "high", "--key", desk_.path("publisher"),
                           "--delta", desk_.path("vad.delta")});
  }
  std::string refusal() {
    const Outcome outcome = publish_it();
    EXPECT_EQ(outcome.code, 3);
    EXPECT_TRUE(desk_.server.requests().empty()) << "nothing was sent";
    return outcome.refusal();
  }

  const std::string old_ = std::string(5000, 'w') + "eights";
  const std::string new_ = old_ + " and again";
};

TEST_F(ReleaseWithDelta, PublishSendsNothingOfADeltaThatLeadsElsewhere) {
  ASSERT_EQ(make_delta("vad.onnx", "old.onnx", "publisher").code, 0);
  EXPECT_EQ(refusal(), "DELTA-OTHER");
}

TEST_F(ReleaseWithDelta, PublishSendsNothingOfADeltaThatAnotherSigned) {
  ASSERT_EQ(make_delta("old.onnx", "vad.onnx", "stranger").code, 0);
  EXPECT_EQ(refusal(), "DSSE-UNTRUSTED");
}

TEST_F(ReleaseWithDelta, PublishSendsNothingOfADeltaThatChanged) {
  std::string delta = desk_.read("vad.delta");
  delta.back() ^= 1;
  desk_.write("vad.delta", delta);
  EXPECT_EQ(refusal(), "DELTA-DIGEST");
}

TEST_F(ReleaseWithDelta, PublishSendsTheDeltaAndItsStatement) {
  const std::string delta = desk_.read("vad.delta");
  const std::string digest = to_hex(crypto::sha256(as_bytes(delta)));
  desk_.server.answer("PUT /v1/blobs/" + to_hex(crypto::sha256(as_bytes(new_))), "{}");
  desk_.server.answer("PUT /v1/blobs/" + digest, "{}");
  desk_.server.answer("POST /v1/releases", "{}");
  const Outcome outcome = publish_it();
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  const Json answer = outcome.json();
  const Json& told = answer.find("deltas")->if_array()->at(0);
  EXPECT_EQ(told.string("sha256").value_or(""), digest);
  EXPECT_EQ(told.string("base_sha256").value_or(""), to_hex(crypto::sha256(as_bytes(old_))));
  EXPECT_EQ(told.integer("size").value_or(0), static_cast<std::int64_t>(delta.size()));
  const std::string prefix = "POST /v1/releases ";
  const auto body = codec::parse_json(desk_.server.requests().back().substr(prefix.size())).value();
  EXPECT_EQ(*body.find("deltas")->if_array()->at(0).if_string(), desk_.read("vad.delta.sig"));
}

class ReleaseApprove : public ReleaseCommands {
 protected:
  void SetUp() override {
    ReleaseCommands::SetUp();
    EXPECT_EQ(desk_.run({"key", "generate", desk_.path("second"), "--insecure-unencrypted"}).code,
              0);
    desk_.server.answer(blob_, "{}");
    desk_.server.answer("POST /v1/releases", R"({"pending":true})");
    desk_.server.answer("POST /v1/releases/vad/3/approval", "{}");
    const Outcome outcome = publish();
    EXPECT_TRUE(outcome.json().boolean("pending").value_or(false)) << outcome.out;
    show_published();
  }
  void show_published() {
    const std::string prefix = "POST /v1/releases ";
    published_ = desk_.server.requests().back().substr(prefix.size());
    desk_.server.answer("GET /v1/releases/vad/3", published_);
  }
  Outcome approve(const std::string& key, const std::vector<std::string>& more = {}) {
    std::vector<std::string> line{
        "release", "approve",       "vad",         "3",
        "--key",   desk_.path(key), "--publisher", desk_.path("publisher.pub")};
    line.insert(line.end(), more.begin(), more.end());
    return desk_.run_json(line);
  }
  std::string refusal(const std::string& key, const std::vector<std::string>& more = {}) {
    const Outcome outcome = approve(key, more);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_TRUE(desk_.server.requests().back().starts_with("GET ")) << "no approval was sent";
    return outcome.refusal();
  }

  std::string published_;
};

TEST_F(ReleaseApprove, SignsNothingUnseenUnlessThatIsSaid) {
  EXPECT_EQ(approve("second").code, 2);
  EXPECT_EQ(approve("second", {"--unseen", "--model", desk_.path("vad.onnx")}).code, 2);
  const Outcome outcome = approve("second", {"--unseen"});
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_FALSE(outcome.json().boolean("seen").value_or(true));
}

TEST_F(ReleaseApprove, SignsNoContractThatWidensUnlessThatIsAccepted) {
  desk_.write("contract.toml", "powers = [{threads = 4}]\n");
  ASSERT_EQ(publish_under("contract.toml", {"--accept-widening"}).code, 0);
  show_published();
  EXPECT_EQ(refusal("second", {"--unseen"}), "CLI-WIDENING");
  EXPECT_EQ(approve("second", {"--unseen", "--accept-widening"}).code, 0);
}

TEST_F(ReleaseApprove, TellsTheTermsBeforeItSigns) {
  const Outcome outcome =
      desk_.run({"release", "approve", "vad", "3", "--unseen", "--key", desk_.path("publisher"),
                 "--publisher", desk_.path("publisher.pub")});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_TRUE(outcome.out.contains("devices go back to no older one")) << outcome.out;
  EXPECT_TRUE(outcome.out.contains("contract  none")) << outcome.out;
}

TEST_F(ReleaseApprove, RefusesTheKeyThatPublishedIt) {
  EXPECT_EQ(refusal("publisher", {"--unseen"}), "REL-APPROVAL");
}

TEST_F(ReleaseApprove, RefusesAnotherReleaseAnotherPublishersAndAnotherModel) {
  desk_.write("vad.onnx", "veights of a model");
  EXPECT_EQ(refusal("second", {"--model", desk_.path("vad.onnx")}), "OMS-DIGEST");
  desk_.server.answer("GET /v1/releases/vad/4", published_);
  EXPECT_EQ(desk_
                .run_json({"release", "approve", "vad", "4", "--unseen", "--key",
                           desk_.path("second"), "--publisher", desk_.path("publisher.pub")})
                .refusal(),
            "REL-OTHER");
  EXPECT_EQ(desk_
                .run_json({"release", "approve", "vad", "3", "--unseen", "--key",
                           desk_.path("second"), "--publisher", desk_.path("stranger.pub")})
                .refusal(),
            "OMS-UNTRUSTED");
}

TEST_F(ReleaseApprove, SendsWhatVerifies) {
  const Outcome outcome = approve("second", {"--model", desk_.path("vad.onnx")});
  ASSERT_EQ(outcome.code, 0) << outcome.out;
  const std::string prefix = "POST /v1/releases/vad/3/approval ";
  const auto sent = codec::parse_json(desk_.server.requests().back().substr(prefix.size())).value();
  const auto documents = codec::parse_json(published_).value();
  const auto publishers =
      load_public_keys({desk_.path("publisher.pub"), desk_.path("second.pub")}).value();
  const auto release = release::verify_release(documents.string("bundle").value(),
                                               documents.string("statement").value(), publishers);
  ASSERT_TRUE(release.has_value()) << describe(release.error());
  EXPECT_TRUE(
      release::verify_release_approval(sent.string("approval").value(), *release, publishers)
          .has_value());
}

TEST_F(ReleaseCommands, ShowTellsTheContractAndWhatItWidens) {
  const std::string summary =
      R"({"sha256":"0123456789abcdef","widenings":["it runs on 4 threads"]})";
  desk_.server.answer("GET /v1/releases",
                      R"({"releases":[{"model":"vad","release":3,"contract":)" + summary + "}]}");
  desk_.server.answer("GET /v1/releases/vad/3",
                      R"({"model":"vad","release":3,"bundle":"signed","statement":"signed",)"
                      R"("contract":"signed","approval":"signed","contract_summary":)" +
                          summary + "}");
  desk_.server.answer("GET /v1/releases/vad/4",
                      R"({"error":{"code":"HTTP-NOT-FOUND","message":"there is none"}})", 404);
  const Outcome text = desk_.run({"release", "show", "vad", "3"});
  EXPECT_EQ(text.code, 0);
  EXPECT_FALSE(text.out.contains("signed")) << text.out;
  EXPECT_TRUE(text.out.contains("contract.sha256     0123456789abcdef\n")) << text.out;
  EXPECT_TRUE(text.out.contains("contract.widenings  it runs on 4 threads\n")) << text.out;
  EXPECT_EQ(desk_.run_json({"release", "show", "vad", "4"}).refusal(), "HTTP-NOT-FOUND");
  EXPECT_TRUE(desk_.run({"release", "list"}).out.contains("0123456789ab, 1 widening\n"));
}

TEST_F(ReleaseCommands, ListPassesTheServersAnswerThroughAsJson) {
  desk_.server.answer("GET /v1/releases", R"({"releases":[{"model":"vad","release":3}]})");
  EXPECT_EQ(desk_.run_json({"release", "list"}).json(),
            codec::parse_json(R"({"releases":[{"model":"vad","release":3}]})").value());
  EXPECT_NE(desk_.run({"release", "list"}).out.find("vad    3"), std::string::npos);
}

TEST_F(ReleaseCommands, BlockSaysWhy) {
  desk_.server.answer("POST /v1/releases/vad/3/block", "{}");
  const Outcome outcome = desk_.run_json({"release", "block", "vad", "3", "--reason", "biased"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.json().boolean("blocked").value_or(false));
  EXPECT_EQ(desk_.server.requests().back(), R"(POST /v1/releases/vad/3/block {"reason":"biased"})");
}

}  // namespace
}  // namespace vedette::cli
