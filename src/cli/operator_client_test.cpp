#include "cli/operator_client.h"

#include <gtest/gtest.h>

#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

std::string refusal_of(const Desk& desk) {
  const auto profile = load_operator_profile(desk.operator_folder());
  return profile ? "" : profile.error().code;
}

TEST(OperatorProfile, WithoutItsFileSaysWhatToWrite) {
  Desk desk;
  ::unlink(desk.path("operator/operator.toml").c_str());
  const auto profile = load_operator_profile(desk.operator_folder());
  ASSERT_FALSE(profile.has_value());
  EXPECT_EQ(profile.error().code, "CLI-OPERATOR");
  EXPECT_NE(profile.error().hint.find("port"), std::string::npos);
}

TEST(OperatorProfile, RefusesWhatIsMissingUnknownOrMisshapen) {
  Desk desk;
  desk.write("operator/operator.toml", "host = \"h\"\n");
  EXPECT_EQ(refusal_of(desk), "CONFIG-MISSING");
  desk.write("operator/operator.toml", "port = 1\n");
  EXPECT_EQ(refusal_of(desk), "CONFIG-MISSING");
  desk.write("operator/operator.toml", "host = \"h\"\nport = 70000\n");
  EXPECT_EQ(refusal_of(desk), "CONFIG-VALUE");
  desk.write("operator/operator.toml", "host = \"h\"\nport = 1\ninsecure = true\n");
  EXPECT_EQ(refusal_of(desk), "CONFIG-UNKNOWN");
  desk.write("operator/operator.toml", "host = \n");
  EXPECT_EQ(refusal_of(desk), "CONFIG-SYNTAX");
}

TEST(OperatorProfile, RefusesAFolderWithoutItsKey) {
  Desk desk;
  ::unlink(desk.path("operator/operator.key").c_str());
  EXPECT_EQ(refusal_of(desk), "FILE-OPEN");
}

// Plays a token that holds one key.
struct OneKey final : platform::KeyProvider {
  Result<crypto::PrivateKey> private_key(const std::string& name) override {
    asked = name;
    return crypto::PrivateKey::generate_p256();
  }
  std::string asked;
};

TEST(OperatorProfile, OpensAKeyInATokenOnlyWhereOneCan) {
  Desk desk;
  desk.write("operator/operator.toml",
             "host = \"h\"\nport = 1\nkey = \"pkcs11:token=t;object=me\"\n");
  EXPECT_EQ(refusal_of(desk), "KEY-PROVIDER");
  OneKey keys;
  const auto profile = load_operator_profile({desk.operator_folder(), &keys});
  ASSERT_TRUE(profile) << describe(profile.error());
  EXPECT_EQ(keys.asked, "pkcs11:token=t;object=me");
}

TEST(OperatorProfile, FindsTheFilesBesideItByName) {
  Desk desk;
  desk.write("operator/operator.toml", "host = \"h.example\"\nport = 8445\n");
  const auto profile = load_operator_profile(desk.operator_folder());
  ASSERT_TRUE(profile.has_value()) << describe(profile.error());
  EXPECT_EQ(profile->connection.host, "h.example");
  EXPECT_EQ(profile->connection.port, 8445);
  EXPECT_FALSE(profile->connection.plain);
  EXPECT_EQ(profile->connection.roots.size(), 1U);
  EXPECT_EQ(profile->connection.chain.size(), 1U);
  EXPECT_TRUE(profile->connection.key.has_value());
}

TEST(OperatorClient, GivesUploadsMoreTimeThanQuestions) {
  Desk desk;
  ASSERT_TRUE(OperatorClient::open(desk.server, desk.operator_folder()).has_value());
  EXPECT_EQ(desk.server.connection().timeout, OperatorClient::kPatience);
  ASSERT_TRUE(OperatorClient::open(desk.server, desk.operator_folder(), std::chrono::seconds(600))
                  .has_value());
  EXPECT_EQ(desk.server.connection().timeout, std::chrono::seconds(600));
}

}  // namespace
}  // namespace vedette::cli
