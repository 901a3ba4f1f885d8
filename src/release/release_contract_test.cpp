// What binds a runtime contract to its release.
#include <gtest/gtest.h>

#include "release/contract_samples.h"
#include "release/oms_bundle.h"
#include "release/release_statement.h"

namespace vedette::release {
namespace {

using crypto::PrivateKey;

class ReleaseContract : public ::testing::Test {
 protected:
  [[nodiscard]] std::string statement(const std::optional<crypto::Sha256Digest>& contract) const {
    const ReleaseStatement terms{.model = model_,
                                 .number = 7,
                                 .tier = Tier::high,
                                 .model_root = manifest_.root,
                                 .file_name = file_name_,
                                 .file_sha256 = file_,
                                 .file_size = 1000,
                                 .issued_at = from_unix_seconds(1'795'438'387),
                                 .contract_sha256 = contract};
    return *sign_release_statement(terms, key_);
  }

  [[nodiscard]] Result<VerifiedRelease> verify(const std::string& statement,
                                               std::optional<std::string_view> contract) const {
    return verify_release(bundle_, statement, publishers_, contract);
  }

  // The verdict on a release that names exactly this contract.
  [[nodiscard]] std::string code(const ContractEnvelope& contract) const {
    const auto verified = verify(statement(contract.contract_sha256), contract.text);
    return verified ? "verified" : verified.error().code + ": " + verified.error().cause;
  }

  PrivateKey key_ = PrivateKey::generate_p256();
  std::vector<crypto::PublicKey> publishers_{key_.public_key()};
  ModelName model_ = *ModelName::parse("voice");
  std::string file_name_ = "vad.onnx";
  crypto::Sha256Digest file_ = crypto::sha256(as_bytes("weights"));
  Manifest manifest_ = *build_manifest("folder", {{.name = "vad.onnx", .sha256 = file_}});
  std::string bundle_ = *sign_model(manifest_, key_);
  ContractEnvelope contract_ =
      *sign_runtime_contract(samples::full_contract(), model_, manifest_.root, key_);
};

TEST_F(ReleaseContract, RefusesAContractThatWasDropped) {
  const auto refused = verify(statement(contract_.contract_sha256), std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "REL-CONTRACT");
  EXPECT_TRUE(refused.error().message.contains("missing"));
  EXPECT_EQ(verify(statement(contract_.contract_sha256), "").error().code, "JSON-SYNTAX");
}

TEST_F(ReleaseContract, RefusesAContractThatTheStatementDoesNotName) {
  EXPECT_EQ(verify(statement(std::nullopt), contract_.text).error().code, "REL-CONTRACT");
}

TEST_F(ReleaseContract, RefusesAnotherContractOfTheSamePublisherForTheSameModel) {
  const auto wide = sign_runtime_contract({}, model_, manifest_.root, key_);
  const auto refused = verify(statement(contract_.contract_sha256), wide->text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "REL-CONTRACT");
  EXPECT_TRUE(refused.error().cause.contains(to_hex(contract_.contract_sha256)));
}

TEST_F(ReleaseContract, RefusesAContractForAnotherModel) {
  const auto root = sign_runtime_contract({}, model_, file_, key_);
  EXPECT_TRUE(code(*root).starts_with("REL-CONTRACT: it is about another model"));
  const auto name = sign_runtime_contract({}, *ModelName::parse("vision"), manifest_.root, key_);
  EXPECT_TRUE(code(*name).starts_with("REL-CONTRACT: it is about another model"));
}

TEST_F(ReleaseContract, RefusesAContractByAnotherTrustedPublisher) {
  const auto second = PrivateKey::generate_p256();
  publishers_.push_back(second.public_key());
  const auto theirs = sign_runtime_contract({}, model_, manifest_.root, second);
  EXPECT_EQ(code(*theirs), "REL-CONTRACT: another key signed it than the release statement");
}

TEST_F(ReleaseContract, RefusesAContractByAStrangerThoughTheStatementNamesIt) {
  const auto theirs =
      sign_runtime_contract({}, model_, manifest_.root, PrivateKey::generate_p256());
  EXPECT_TRUE(code(*theirs).starts_with("DSSE-UNTRUSTED"));
}

TEST_F(ReleaseContract, RefusesAReleaseStatementInTheContractsPlace) {
  const std::string own = statement(contract_.contract_sha256);
  EXPECT_EQ(verify(own, own).error().code, "REL-CONTRACT");
}

// An .ort file is not scanned before the runtime reads it: its contract must say that it is one.
TEST_F(ReleaseContract, RefusesAFileOfAnotherFormatThanItNames) {
  RuntimeContract onnx;
  RuntimeContract ort;
  ort.format = ModelFormat::ort;
  const auto verdict = [this](const std::string& file, const RuntimeContract* contract) {
    file_name_ = file;
    manifest_ = *build_manifest("folder", {{.name = file, .sha256 = file_}});
    bundle_ = *sign_model(manifest_, key_);
    if (contract == nullptr) {
      const auto bare = verify(statement(std::nullopt), std::nullopt);
      return bare ? std::string("verified") : bare.error().code;
    }
    const auto made = sign_runtime_contract(*contract, model_, manifest_.root, key_);
    return code(*made).substr(0, 12);
  };
  EXPECT_EQ(verdict("vad.onnx", &ort), "REL-CONTRACT");
  EXPECT_EQ(verdict("vad.ort", &onnx), "REL-CONTRACT");
  EXPECT_EQ(verdict("vad.ort", nullptr), "REL-CONTRACT");
  EXPECT_EQ(verdict("vad.ort", &ort), "verified");
  EXPECT_EQ(verdict("vad.onnx", &onnx), "verified");
}

TEST_F(ReleaseContract, IsCarriedByItsRelease) {
  const auto release = verify(statement(contract_.contract_sha256), contract_.text);
  ASSERT_TRUE(release) << describe(release.error());
  ASSERT_TRUE((*release)->contract.has_value());
  const SignedContract& contract = **(*release)->contract;
  EXPECT_EQ(contract.contract_sha256, contract_.contract_sha256);
  EXPECT_EQ(contract.replicas, 2U);
}

TEST_F(ReleaseContract, ReleasesWithoutOneStayValid) {
  const auto release = verify(statement(std::nullopt), std::nullopt);
  ASSERT_TRUE(release) << describe(release.error());
  EXPECT_FALSE((*release)->contract.has_value());
}

}  // namespace
}  // namespace vedette::release
