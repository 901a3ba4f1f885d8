#include <filesystem>

#include <gtest/gtest.h>

#include "cli/bundle_file.h"
#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

class ModelCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    desk.write("vad.onnx", "weights of a model");
    for (const char* name : {"publisher", "stranger"})
      ASSERT_EQ(desk.run({"key", "generate", desk.path(name), "--insecure-unencrypted"}).code, 0);
  }
  Outcome sign(const std::string& model) {
    return desk.run_json({"model", "sign", desk.path(model), "--key", desk.path("publisher")});
  }
  Outcome verify(const std::string& model, const std::string& publisher = "publisher.pub") {
    return desk.run_json(
        {"model", "verify", desk.path(model), "--publisher", desk.path(publisher)});
  }
  Desk desk;
};

TEST_F(ModelCommands, VerifyRefusesAFlippedBit) {
  ASSERT_EQ(sign("vad.onnx").code, 0);
  desk.write("vad.onnx", "veights of a model");
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
  std::filesystem::create_directory(desk.path("model"));
  desk.write("model/a.onnx", "a");
  ASSERT_EQ(sign("model").code, 0);
  desk.write("model/b.bin", "b");
  const Outcome outcome = verify("model");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "OMS-UNLISTED");
}

TEST_F(ModelCommands, VerifyRefusesToBelieveNobodyInParticular) {
  ASSERT_EQ(sign("vad.onnx").code, 0);
  EXPECT_EQ(desk.run_json({"model", "verify", desk.path("vad.onnx")}).refusal(), "CLI-USAGE");
  EXPECT_EQ(
      desk.run({"model", "verify", desk.path("vad.onnx"), "--root", desk.path("root.pem")}).code, 2)
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
    const auto key = crypto::PublicKey::from_pem(desk.read("publisher.pub")).value();
    const auto leaf = crypto::issue_certificate(profile, key, root, root_key).value();
    desk.write("root.pem", root.pem());
    desk.write("signer.pem", leaf.pem());
    ASSERT_EQ(desk.run({"model", "sign", desk.path("vad.onnx"), "--key", desk.path("publisher"),
                        "--certificate", desk.path("signer.pem")})
                  .code,
              0);
  }
  Outcome verify_as(const std::string& identity) {
    return desk.run_json({"model", "verify", desk.path("vad.onnx"), "--root", desk.path("root.pem"),
                          "--identity", identity});
  }
};

TEST_F(CertifiedModel, OfAnotherSignerOfTheSameAuthorityIsRefused) {
  EXPECT_EQ(verify_as("https://example.org/vision").refusal(), "OMS-IDENTITY");
  EXPECT_EQ(verify_as("https://example.org/vision").code, 3);
  EXPECT_EQ(verify("vad.onnx").refusal(), "OMS-MODE");
}

TEST_F(CertifiedModel, OfTheSignerWhoIsAskedForVerifies) {
  EXPECT_EQ(verify_as("https://example.org/speech").code, 0);
  desk.write("vad.onnx", "veights of a model");
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
  EXPECT_FALSE(std::filesystem::exists(desk.path("absent.onnx.sig")));
}

TEST_F(ModelCommands, SignRefusesAKeyThatIsNone) {
  const Outcome outcome =
      desk.run_json({"model", "sign", desk.path("vad.onnx"), "--key", desk.path("vad.onnx")});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  EXPECT_FALSE(outcome.refusal().empty());
}

TEST_F(ModelCommands, SignedFileVerifies) {
  const Outcome signing = sign("vad.onnx");
  EXPECT_EQ(signing.json().string("bundle").value_or(""), desk.path("vad.onnx.sig"));
  const Outcome outcome = verify("vad.onnx");
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_TRUE(outcome.json().boolean("verified").value_or(false));
  EXPECT_EQ(desk.run({"model", "verify", desk.path("vad.onnx"), "--publisher",
                      desk.path("stranger.pub"), desk.path("publisher.pub")})
                .code,
            0);
}

TEST_F(ModelCommands, SignedFolderVerifiesWithItsBundleInsideAndSignsAgain) {
  std::filesystem::create_directory(desk.path("model"));
  desk.write("model/a.onnx", "a");
  ASSERT_EQ(sign("model").code, 0);
  EXPECT_TRUE(std::filesystem::exists(desk.path("model/model.sig")));
  EXPECT_EQ(verify("model").code, 0);
  ASSERT_EQ(sign("model").code, 0);
  EXPECT_EQ(verify("model").code, 0);
}

TEST_F(ModelCommands, SignRefusesShardsOfNothing) {
  for (const char* size : {"0", "-1", "x"})
    EXPECT_EQ(desk.run({"model", "sign", desk.path("vad.onnx"), "--key", desk.path("publisher"),
                        "--shard-size", size})
                  .code,
              2)
        << size;
}

TEST_F(ModelCommands, SignTakesDigestsOnlyFromACacheThatNobodyElseWrites) {
  std::filesystem::create_directory(desk.path("model"));
  desk.write("model/a.onnx", "weights");
  const auto sign_with = [&](const std::string& cache) {
    return desk.run_json({"model", "sign", desk.path("model"), "--key", desk.path("publisher"),
                          "--hash-cache", desk.path(cache)});
  };
  EXPECT_EQ(sign_with("model/cache.json").refusal(), "CLI-USAGE");
  EXPECT_EQ(sign_with("cache.json").code, 0);
  EXPECT_EQ(sign_with("cache.json").code, 0);
  EXPECT_EQ(verify("model").code, 0);
  std::filesystem::permissions(desk.path("cache.json"), std::filesystem::perms::all);
  EXPECT_EQ(sign_with("cache.json").refusal(), "OMS-CACHE");
}

TEST_F(ModelCommands, AModelThatWasSignedByShardsIsNotReleased) {
  ASSERT_EQ(desk.run({"model", "sign", desk.path("vad.onnx"), "--key", desk.path("publisher"),
                      "--shard-size", "100"})
                .code,
            0);
  const Outcome outcome =
      desk.run_json({"release", "publish", desk.path("vad.onnx"), "--name", "vad", "--release", "1",
                     "--tier", "low", "--key", desk.path("publisher")});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "REL-FILE");
  EXPECT_NE(outcome.out.find("without --shard-size"), std::string::npos) << outcome.out;
}

TEST_F(ModelCommands, VerifiesAModelThatWasSignedByShards) {
  ASSERT_EQ(desk.run({"model", "sign", desk.path("vad.onnx"), "--key", desk.path("publisher"),
                      "--shard-size", "10"})
                .code,
            0);
  desk.write("vad.onnx", "weights of a model!");
  EXPECT_EQ(verify("vad.onnx").refusal(), "OMS-DIGEST");
  desk.write("vad.onnx", "weights of a model");
  const Outcome outcome = verify("vad.onnx");
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  const auto told = outcome.json();
  EXPECT_EQ(told.find("manifest")->integer("shard_size").value_or(0), 10) << outcome.out;
  const Outcome text = desk.run({"model", "inspect", desk.path("vad.onnx.sig")});
  EXPECT_EQ(text.code, 0);
  EXPECT_NE(text.out.find("10 octets"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find(".:10:18"), std::string::npos) << text.out;
}

TEST_F(ModelCommands, InspectSaysThatNothingWasVerified) {
  ASSERT_EQ(sign("vad.onnx").code, 0);
  const Outcome text = desk.run({"model", "inspect", desk.path("vad.onnx.sig")});
  EXPECT_EQ(text.code, 0);
  EXPECT_TRUE(text.out.starts_with("NOT VERIFIED")) << text.out;
  const Outcome json = desk.run_json({"model", "inspect", desk.path("vad.onnx.sig")});
  EXPECT_FALSE(json.json().boolean("verified").value_or(true));
}

TEST_F(ModelCommands, InspectRefusesWhatIsNoBundle) {
  for (const char* text :
       {"", "[]", "{}", R"({"dsseEnvelope":{}})", R"({"dsseEnvelope":{"payload":"!"}})",
        R"({"dsseEnvelope":{"payload":"e30="}})"}) {
    desk.write("bad.sig", text);
    const Outcome outcome = desk.run_json({"model", "inspect", desk.path("bad.sig")});
    EXPECT_EQ(outcome.code, 3) << text;
    EXPECT_FALSE(outcome.refusal().empty()) << text;
  }
}

TEST_F(ModelCommands, BundleWithinTheModelIsFoundHoweverItIsSpelled) {
  std::filesystem::create_directories(desk.path("model/sub"));
  using Paths = std::vector<std::string>;
  const std::string model = desk.path("model");
  EXPECT_EQ(bundle_within(model, model + "/model.sig"), Paths{"model.sig"});
  EXPECT_EQ(bundle_within(model, model + "/sub/../x.sig"), Paths{"x.sig"});
  EXPECT_EQ(bundle_within(model + "/", model + "/sub/x.sig"), Paths{"sub/x.sig"});
  EXPECT_EQ(bundle_within(model, desk.path("model.sig")), Paths{});
  EXPECT_EQ(bundle_within(desk.path("vad.onnx"), desk.path("vad.onnx.sig")), Paths{});
}

}  // namespace
}  // namespace vedette::cli
