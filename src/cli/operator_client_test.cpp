#include "cli/operator_client.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

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

// Its key is encrypted, as `vedette-server` writes it.
void encrypt_key(const Desk& desk) {
  const auto key = crypto::PrivateKey::from_pem(desk.read("operator/operator.key")).value();
  desk.write("operator/operator.key", key.encrypted_pem(as_bytes("open sesame")).value());
}

TEST(OperatorProfile, RefusesAnEncryptedKeyThatNobodyOpens) {
  Desk desk;
  encrypt_key(desk);
  const auto refused = load_operator_profile(desk.operator_folder());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "CLI-PASSPHRASE");
  EXPECT_NE(refused.error().hint.find("VEDETTE_OPERATOR_PASSPHRASE"), std::string::npos);
  ::setenv("VEDETTE_OPERATOR_PASSPHRASE", "wrong", 1);
  EXPECT_EQ(refusal_of(desk), "KEY-PASSPHRASE");
  ::setenv("VEDETTE_OPERATOR_PASSPHRASE", "", 1);
  EXPECT_EQ(refusal_of(desk), "CLI-PASSPHRASE");
  ::unsetenv("VEDETTE_OPERATOR_PASSPHRASE");
}

TEST(OperatorProfile, OpensAnEncryptedKeyByTheEnvironmentOrByAFile) {
  Desk desk;
  encrypt_key(desk);
  ::setenv("VEDETTE_OPERATOR_PASSPHRASE", "open sesame", 1);
  EXPECT_EQ(refusal_of(desk), "");
  ::unsetenv("VEDETTE_OPERATOR_PASSPHRASE");
  desk.write("operator/secret", "open sesame\n");
  desk.write("operator/operator.toml", "host = \"h\"\nport = 1\npassphrase_file = \"secret\"\n");
  ASSERT_EQ(::chmod(desk.path("operator/secret").c_str(), 0444), 0);
  EXPECT_EQ(refusal_of(desk), "KEY-SECRET-FILE") << "others may read it";
  ASSERT_EQ(::chmod(desk.path("operator/secret").c_str(), 0400), 0);
  EXPECT_EQ(refusal_of(desk), "");
}

// The block of shell in docs/keys.md that encrypts a key.
std::string encrypting_block() {
  std::ifstream page(VEDETTE_KEYS_PAGE);
  std::string block;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```") inside = false;
    if (inside) block += line + "\n";
    if (line == "```bash") {
      block.clear();
      inside = true;
    }
    if (!inside && block.starts_with("openssl pkcs8")) return block;
  }
  return "";
}

TEST(OperatorProfile, OpensAKeyThatWasEncryptedAsThePageSays) {
  Desk desk;
  const std::string open = desk.read("operator/operator.key");
  ASSERT_EQ(refusal_of(desk), "");
  ASSERT_NE(encrypting_block(), "");
  desk.write("script.sh", "set -eu\n" + encrypting_block());
  // Without a terminal of its own it reads the passphrase from where it can.
  const std::string command = "cd '" + desk.path("operator") +
                              "' && printf 'open sesame\\nopen sesame\\n' |"
                              " setsid --wait bash ../script.sh > ../said 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0)  // NOLINT(cert-env33-c): a shell is what is tested
      << desk.read("said");
  EXPECT_NE(desk.read("operator/operator.key"), open);
  struct stat status{};
  ASSERT_EQ(::stat(desk.path("operator/operator.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077U, 0U) << "nobody else reads it";
  EXPECT_EQ(refusal_of(desk), "CLI-PASSPHRASE");
  ::setenv("VEDETTE_OPERATOR_PASSPHRASE", "open sesame", 1);
  EXPECT_EQ(refusal_of(desk), "");
  ::unsetenv("VEDETTE_OPERATOR_PASSPHRASE");
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
