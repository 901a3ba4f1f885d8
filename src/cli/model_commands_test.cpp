#include <filesystem>

#include <gtest/gtest.h>

#include "cli/bundle_file.h"
#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

class ModelCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    desk_.write("vad.onnx", "weights of a model");
    for (const char* name : {"publisher", "stranger"})
      ASSERT_EQ(desk_.run({"key", "generate", desk_.path(name), "--insecure-unencrypted"}).code, 0);
  }
  Outcome sign(const std::string& model) {
    return desk_.run_json({"model", "sign", desk_.path(model), "--key", desk_.path("publisher")});
  }
  Outcome verify(const std::string& model, const std::string& publisher = "publisher.pub") {
    return desk_.run_json(
        {"model", "verify", desk_.path(model), "--publisher", desk_.path(publisher)});
  }
  Desk desk_;
};

TEST_F(ModelCommands, VerifyRefusesAFlippedBit) {
  ASSERT_EQ(sign("vad.onnx").code, 0);
  desk_.write("vad.onnx", "veights of a model");
  const Outcome outcome = verify("vad.onnx");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-DIGEST");
}

TEST_F(ModelCommands, VerifyRefusesAStrangersSignature) {
  ASSERT_EQ(sign("vad.onnx").code, 0);
  const Outcome outcome = verify("vad.onnx", "stranger.pub");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-UNTRUSTED");
}

TEST_F(ModelCommands, VerifyRefusesAFileThatNobodySigned) {
  std::filesystem::create_directory(desk_.path("model"));
  desk_.write("model/a.onnx", "a");
  ASSERT_EQ(sign("model").code, 0);
  desk_.write("model/b.bin", "b");
  const Outcome outcome = verify("model");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-UNLISTED");
}

TEST_F(ModelCommands, VerifyRefusesToBelieveNobodyInParticular) {
  ASSERT_EQ(sign("vad.onnx").code, 0);
  EXPECT_EQ(desk_.run_json({"model", "verify", desk_.path("vad.onnx")}).refusal(), "CLI-USAGE");
  EXPECT_EQ(
      desk_.run({"model", "verify", desk_.path("vad.onnx"), "--root", desk_.path("root.pem")}).code,
      2)
      << "an authority certifies many";
}

// An authority's certificate for code signing, and the key that it is of.
class CertifiedModel : public ModelCommands {
 protected:
  void SetUp() override {
    ModelCommands::SetUp();
    const TimePoint now = SystemClock().now();
    const auto root_key = crypto::PrivateKey::generate_p256();
    crypto::CertificateProfile profile;
    profile.kind = crypto::CertificateKind::root_ca;
    profile.common_name = "root";
    profile.not_before = now - std::chrono::hours(1);
    profile.not_after = now + std::chrono::hours(1);
    const auto root =
        crypto::issue_certificate(profile, root_key.public_key(), std::nullopt, root_key).value();
    profile.kind = crypto::CertificateKind::code_signer;
    profile.uri_name = "https://example.org/speech";
    profile.not_after = root.not_after();  // whole seconds
    const auto key = crypto::PublicKey::from_pem(desk_.read("publisher.pub")).value();
    const auto leaf = crypto::issue_certificate(profile, key, root, root_key).value();
    desk_.write("root.pem", root.pem());
    desk_.write("signer.pem", leaf.pem());
    ASSERT_EQ(desk_
                  .run({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("publisher"),
                        "--certificate", desk_.path("signer.pem")})
                  .code,
              0);
  }
  Outcome verify_as(const std::string& identity) {
    return desk_.run_json({"model", "verify", desk_.path("vad.onnx"), "--root",
                           desk_.path("root.pem"), "--identity", identity});
  }
};

TEST_F(CertifiedModel, OfAnotherSignerOfTheSameAuthorityIsRefused) {
  EXPECT_EQ(verify_as("https://example.org/vision").refusal(), "OMS-IDENTITY");
  EXPECT_EQ(verify_as("https://example.org/vision").code, 3);
  EXPECT_EQ(verify("vad.onnx").refusal(), "OMS-MODE");
}

TEST_F(CertifiedModel, OfTheSignerWhoIsAskedForVerifies) {
  EXPECT_EQ(verify_as("https://example.org/speech").code, 0);
  desk_.write("vad.onnx", "veights of a model");
  EXPECT_EQ(verify_as("https://example.org/speech").refusal(), "OMS-DIGEST");
}

TEST_F(ModelCommands, VerifyWithoutABundleIsAFailureThatSaysHowToGetOne) {
  const Outcome outcome = verify("vad.onnx");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.refusal(), "FILE-OPEN");
  EXPECT_NE(outcome.out.find("vedette model sign"), std::string::npos);
}

TEST_F(ModelCommands, SignFailsWithoutAModelAndLeavesNoBundle) {
  const Outcome outcome = sign("absent.onnx");
  EXPECT_EQ(outcome.code, 1) << outcome.out;
  EXPECT_FALSE(std::filesystem::exists(desk_.path("absent.onnx.sig")));
}

TEST_F(ModelCommands, SignRefusesAKeyThatIsNone) {
  const Outcome outcome =
      desk_.run_json({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("vad.onnx")});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  EXPECT_FALSE(outcome.refusal().empty());
}

TEST_F(ModelCommands, SignedFileVerifies) {
  const Outcome signing = sign("vad.onnx");
  EXPECT_EQ(signing.json().string("bundle").value_or(""), desk_.path("vad.onnx.sig"));
  const Outcome outcome = verify("vad.onnx");
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_TRUE(outcome.json().boolean("verified").value_or(false));
  EXPECT_EQ(desk_
                .run({"model", "verify", desk_.path("vad.onnx"), "--publisher",
                      desk_.path("stranger.pub"), desk_.path("publisher.pub")})
                .code,
            0);
}

TEST_F(ModelCommands, SignedFolderVerifiesWithItsBundleInsideAndSignsAgain) {
  std::filesystem::create_directory(desk_.path("model"));
  desk_.write("model/a.onnx", "a");
  ASSERT_EQ(sign("model").code, 0);
  EXPECT_TRUE(std::filesystem::exists(desk_.path("model/model.sig")));
  EXPECT_EQ(verify("model").code, 0);
  ASSERT_EQ(sign("model").code, 0);
  EXPECT_EQ(verify("model").code, 0);
}

TEST_F(ModelCommands, SignRefusesShardsOfNothing) {
  for (const char* size : {"0", "-1", "x"})
    EXPECT_EQ(desk_
                  .run({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("publisher"),
                        "--shard-size", size})
                  .code,
              2)
        << size;
}

TEST_F(ModelCommands, SignTakesDigestsOnlyFromACacheThatNobodyElseWrites) {
  std::filesystem::create_directory(desk_.path("model"));
  desk_.write("model/a.onnx", "weights");
  const auto sign_with = [&](const std::string& cache) {
    return desk_.run_json({"model", "sign", desk_.path("model"), "--key", desk_.path("publisher"),
                           "--hash-cache", desk_.path(cache)});
  };
  EXPECT_EQ(sign_with("model/cache.json").refusal(), "CLI-USAGE");
  EXPECT_EQ(sign_with("cache.json").code, 0);
  EXPECT_EQ(sign_with("cache.json").code, 0);
  EXPECT_EQ(verify("model").code, 0);
  std::filesystem::permissions(desk_.path("cache.json"), std::filesystem::perms::all);
  EXPECT_EQ(sign_with("cache.json").refusal(), "OMS-CACHE");
}

TEST_F(ModelCommands, AModelThatWasSignedByShardsIsNotReleased) {
  ASSERT_EQ(desk_
                .run({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("publisher"),
                      "--shard-size", "100"})
                .code,
            0);
  const Outcome outcome =
      desk_.run_json({"release", "publish", desk_.path("vad.onnx"), "--name", "vad", "--release",
                      "1", "--tier", "low", "--key", desk_.path("publisher")});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-FILE");
  EXPECT_NE(outcome.out.find("without --shard-size"), std::string::npos) << outcome.out;
}

TEST_F(ModelCommands, VerifiesAModelThatWasSignedByShards) {
  ASSERT_EQ(desk_
                .run({"model", "sign", desk_.path("vad.onnx"), "--key", desk_.path("publisher"),
                      "--shard-size", "10"})
                .code,
            0);
  desk_.write("vad.onnx", "weights of a model!");
  EXPECT_EQ(verify("vad.onnx").refusal(), "OMS-DIGEST");
  desk_.write("vad.onnx", "weights of a model");
  const Outcome outcome = verify("vad.onnx");
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  const auto told = outcome.json();
  EXPECT_EQ(told.find("manifest")->integer("shard_size").value_or(0), 10) << outcome.out;
  const Outcome text = desk_.run({"model", "inspect", desk_.path("vad.onnx.sig")});
  EXPECT_EQ(text.code, 0);
  EXPECT_NE(text.out.find("10 octets"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find(".:10:18"), std::string::npos) << text.out;
}

TEST_F(ModelCommands, InspectSaysThatNothingWasVerified) {
  ASSERT_EQ(sign("vad.onnx").code, 0);
  const Outcome text = desk_.run({"model", "inspect", desk_.path("vad.onnx.sig")});
  EXPECT_EQ(text.code, 0);
  EXPECT_TRUE(text.out.starts_with("NOT VERIFIED")) << text.out;
  const Outcome json = desk_.run_json({"model", "inspect", desk_.path("vad.onnx.sig")});
  EXPECT_FALSE(json.json().boolean("verified").value_or(true));
}

TEST_F(ModelCommands, InspectRefusesWhatIsNoBundle) {
  for (const char* text :
       {"", "[]", "{}", R"({"dsseEnvelope":{}})", R"({"dsseEnvelope":{"payload":"!"}})",
        R"({"dsseEnvelope":{"payload":"e30="}})"}) {
    desk_.write("bad.sig", text);
    const Outcome outcome = desk_.run_json({"model", "inspect", desk_.path("bad.sig")});
    EXPECT_EQ(outcome.code, 3) << text;
    EXPECT_FALSE(outcome.refusal().empty()) << text;
  }
}

TEST_F(ModelCommands, BundleWithinTheModelIsFoundHoweverItIsSpelled) {
  std::filesystem::create_directories(desk_.path("model/sub"));
  using Paths = std::vector<std::string>;
  const std::string model = desk_.path("model");
  EXPECT_EQ(bundle_within(model, model + "/model.sig"), Paths{"model.sig"});
  EXPECT_EQ(bundle_within(model, model + "/sub/../x.sig"), Paths{"x.sig"});
  EXPECT_EQ(bundle_within(model + "/", model + "/sub/x.sig"), Paths{"sub/x.sig"});
  EXPECT_EQ(bundle_within(model, desk_.path("model.sig")), Paths{});
  EXPECT_EQ(bundle_within(desk_.path("vad.onnx"), desk_.path("vad.onnx.sig")), Paths{});
}

}  // namespace
}  // namespace vedette::cli
