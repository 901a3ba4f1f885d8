#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/canned_server.h"
#include "cli/key_files.h"

namespace vedette::cli {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(KeyGenerate, RefusesAnUnencryptedKeyUnlessItIsNamedInsecure) {
  Desk desk;
  const Outcome outcome = desk.run_json({"key", "generate", desk.path("k")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.refusal(), "CLI-PASSPHRASE");
  EXPECT_NE(outcome.out.find("VEDETTE_KEY_PASSPHRASE"), std::string::npos);
  EXPECT_NE(::access(desk.path("k").c_str(), F_OK), 0);
}

TEST(KeyGenerate, RefusesAnEmptyPassphrase) {
  Desk desk;
  ::setenv("VEDETTE_KEY_PASSPHRASE", "", 1);
  EXPECT_EQ(desk.run_json({"key", "generate", desk.path("k")}).refusal(), "CLI-PASSPHRASE");
}

TEST(KeyGenerate, NeverOverwritesEitherFile) {
  Desk desk;
  for (const char* present : {"k", "k.pub"}) {
    desk.write(present, "precious");
    const Outcome outcome =
        desk.run_json({"key", "generate", desk.path("k"), "--insecure-unencrypted"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.refusal(), "CLI-EXISTS");
    EXPECT_EQ(desk.read(present), "precious");
    ::unlink(desk.path(present).c_str());
  }
}

TEST(KeyGenerate, FailsWhereItCannotWrite) {
  Desk desk;
  const Outcome outcome =
      desk.run_json({"key", "generate", desk.path("no/k"), "--insecure-unencrypted"});
  EXPECT_EQ(outcome.code, 1);
}

TEST(KeyGenerate, WritesAPairThatOnlyItsOwnerCanRead) {
  Desk desk;
  const Outcome outcome =
      desk.run_json({"key", "generate", desk.path("k"), "--insecure-unencrypted"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(mode_of(desk.path("k")), 0600U);
  const auto key = load_signing_key(desk.path("k"), desk.console);
  const auto publishers = load_public_keys({desk.path("k.pub")});
  ASSERT_TRUE(key && publishers);
  EXPECT_EQ(key->public_key(), publishers->front());
  EXPECT_EQ(outcome.json().string("sha256").value_or(""), to_hex(key->public_key().spki_sha256()));
}

TEST(SigningKey, OpensWithItsPassphraseAlone) {
  Desk desk;
  ::setenv("VEDETTE_KEY_PASSPHRASE", "correct horse", 1);
  ASSERT_EQ(desk.run({"key", "generate", desk.path("k")}).code, 0);
  EXPECT_NE(desk.read("k").find("ENCRYPTED PRIVATE KEY"), std::string::npos);
  EXPECT_TRUE(load_signing_key(desk.path("k"), desk.console).has_value());
  ::setenv("VEDETTE_KEY_PASSPHRASE", "wrong", 1);
  EXPECT_FALSE(load_signing_key(desk.path("k"), desk.console).has_value());
  ::unsetenv("VEDETTE_KEY_PASSPHRASE");
  const auto without = load_signing_key(desk.path("k"), desk.console);
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().code, "CLI-PASSPHRASE");
}

TEST(PublicKeys, ThatAreNoneAreRefusedByName) {
  Desk desk;
  desk.write("bad.pub", "not a key");
  const auto keys = load_public_keys({desk.path("bad.pub")});
  ASSERT_FALSE(keys.has_value());
  EXPECT_NE(keys.error().cause.find("bad.pub"), std::string::npos);
}

}  // namespace
}  // namespace vedette::cli
