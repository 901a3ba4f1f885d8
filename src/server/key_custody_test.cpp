// The control plane's keys at rest: nothing unencrypted unless somebody said so.
#include "server/key_custody.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "server/state_folder.h"
#include "testing/temporary_folder.h"

namespace vedette::server {
namespace {

struct KeyCustodyTest : testing::Test {
  KeyCustodyTest() { write_secret("passphrase", "correct horse battery staple"); }

  std::string write_secret(const std::string& name, const std::string& content) const {
    std::ofstream(folder / name) << content << '\n';
    ::chmod((folder / name).c_str(), 0400);
    return folder / name;
  }
  Result<KeyCustody> encrypted(const std::string& file = "passphrase") const {
    return KeyCustody::open({.passphrase_file = folder / file}, nullptr);
  }
  static Result<KeyCustody> unencrypted() {
    return KeyCustody::open({.insecure_unencrypted = true}, nullptr);
  }
  Result<void> create(const KeyCustody& custody, const SecretBytes& root = {}) const {
    return create_state(state, domain, *OperatorId::parse("admin"), now, custody, root,
                        custody.encrypts()
                            ? SecretBytes(to_bytes(std::string_view("the operator's own")))
                            : SecretBytes());
  }
  static SecretBytes in_the_safe() {
    return SecretBytes(to_bytes(std::string_view("in the safe")));
  }
  std::string load_code(const KeyCustody& custody) const {
    const auto keys = load_state(state, domain, now, custody);
    return keys ? "" : keys.error().code;
  }
  std::string content(const std::string& name) const {
    return std::string(as_text(*read_file(state + name, 1U << 16U)));
  }
  std::string signing_key() const {
    return "/signing/" + std::to_string(to_unix_seconds(now)) + ".key";
  }
  bool is_encrypted(const std::string& name) const {
    return content(name).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  }

  const TemporaryFolder folder;
  const std::string state = folder / "state";
  const identity::TrustDomain domain = *identity::TrustDomain::parse("test.vedette");
  const TimePoint now = SystemClock().now();
};

TEST_F(KeyCustodyTest, RefusesSilenceAndTwoWordsAtOnce) {
  EXPECT_EQ(KeyCustody::open({}, nullptr).error().code, "CONFIG-MISSING");
  EXPECT_EQ(KeyCustody::open(
                {.passphrase_file = folder / "passphrase", .insecure_unencrypted = true}, nullptr)
                .error()
                .code,
            "CONFIG-VALUE");
  EXPECT_EQ(KeyCustody::open({.passphrase_file = folder / "none"}, nullptr).error().code,
            "KEY-SECRET-FILE");
}

TEST_F(KeyCustodyTest, RefusesACredentialThatIsNoneOrNotGiven) {
  ::unsetenv("CREDENTIALS_DIRECTORY");
  const auto code = [](const std::string& name) {
    const auto custody = KeyCustody::open({.passphrase_credential = name}, nullptr);
    return custody ? "" : custody.error().code;
  };
  EXPECT_EQ(code("passphrase"), "KEY-SECRET-FILE");
  ::setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  EXPECT_EQ(code("../passphrase"), "CONFIG-VALUE");
  EXPECT_EQ(code("other"), "KEY-SECRET-FILE");
  EXPECT_EQ(code("passphrase"), "");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(KeyCustodyTest, RefusesANamedKeyThatNothingCanOpen) {
  const auto custody = KeyCustody::open(
      {.issuing_key = "pkcs11:token=t", .passphrase_file = folder / "passphrase"}, nullptr);
  EXPECT_EQ(create(*custody, in_the_safe()).error().code, "KEY-PROVIDER");
}

TEST_F(KeyCustodyTest, RefusesToLeaveTheRootsKeyOpenBesideEncryptedOnes) {
  EXPECT_EQ(create(*encrypted()).error().code, "KEY-ROOT-OPEN");
  EXPECT_FALSE(std::filesystem::exists(state)) << "nothing was made";
  EXPECT_TRUE(create(*unencrypted())) << "said outright, for demonstrations";
}

TEST_F(KeyCustodyTest, RefusesFilesThatAreNotKeptAsWasSaid) {
  ASSERT_TRUE(create(*unencrypted()));
  EXPECT_EQ(load_code(*encrypted()), "KEY-PASSPHRASE");
  ASSERT_TRUE(encrypt_state(state, SecretBytes(to_bytes(std::string_view("another")))));
  EXPECT_EQ(load_code(*unencrypted()), "KEY-PASSPHRASE");
  EXPECT_EQ(load_code(*encrypted()), "KEY-PASSPHRASE");
  EXPECT_EQ(
      load_code(*KeyCustody::open({.passphrase_file = write_secret("other", "another")}, nullptr)),
      "");
}

TEST_F(KeyCustodyTest, EncryptsEveryKeyThatTheServerKeeps) {
  ASSERT_TRUE(create(*encrypted(), in_the_safe()));
  for (const std::string& name : {std::string("/ca/issuing.key"), signing_key(),
                                  std::string("/log.key"), std::string("/offline/root.key")})
    EXPECT_TRUE(is_encrypted(name)) << name;
  EXPECT_EQ(load_code(*encrypted()), "");
  const std::string root = content("/offline/root.key");
  EXPECT_FALSE(crypto::PrivateKey::from_pem(root, as_bytes("correct horse battery staple")));
  EXPECT_TRUE(crypto::PrivateKey::from_pem(root, as_bytes("in the safe")));
}

TEST_F(KeyCustodyTest, RefusesToLeaveTheOperatorsKeyOpenBesideEncryptedOnes) {
  const auto custody = encrypted();
  const auto refused =
      create_state(state, domain, *OperatorId::parse("admin"), now, *custody, in_the_safe());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "KEY-OPERATOR-OPEN");
  EXPECT_FALSE(std::filesystem::exists(state + "/ca"));
}

TEST_F(KeyCustodyTest, EncryptsTheOperatorsKeyUnderAPassphraseOfItsOwn) {
  ASSERT_TRUE(create(*encrypted(), in_the_safe()));
  ASSERT_TRUE(is_encrypted("/operators/admin/operator.key"));
  const std::string key = content("/operators/admin/operator.key");
  EXPECT_FALSE(crypto::PrivateKey::from_pem(key, as_bytes("correct horse battery staple")));
  EXPECT_TRUE(crypto::PrivateKey::from_pem(key, as_bytes("the operator's own")));
}

TEST_F(KeyCustodyTest, SaysWhichKeysItLeavesOpen) {
  const SecretBytes passphrase(to_bytes(std::string_view("correct horse battery staple")));
  ASSERT_TRUE(create(*unencrypted()));
  EXPECT_EQ(encrypt_state(state, passphrase).value(),
            (std::vector<std::string>{"offline/root.key", "operators/admin/operator.key"}));
  std::filesystem::remove(state + "/offline/root.key");
  EXPECT_EQ(encrypt_state(state, passphrase).value(),
            std::vector<std::string>{"operators/admin/operator.key"});
}

TEST_F(KeyCustodyTest, EncryptsAFolderOfBeforeOnceAndForAll) {
  ASSERT_TRUE(create(*unencrypted()));
  EXPECT_FALSE(is_encrypted("/ca/issuing.key"));
  const SecretBytes passphrase(to_bytes(std::string_view("correct horse battery staple")));
  ASSERT_TRUE(encrypt_state(state, passphrase));
  const std::string after = content("/ca/issuing.key");
  ASSERT_TRUE(encrypt_state(state, passphrase));
  EXPECT_EQ(content("/ca/issuing.key"), after);
  for (const std::string& name :
       {std::string("/ca/issuing.key"), signing_key(), std::string("/log.key")})
    EXPECT_TRUE(is_encrypted(name)) << name;
  EXPECT_EQ(load_code(*encrypted()), "");
  const SecretBytes other(to_bytes(std::string_view("other")));
  EXPECT_EQ(encrypt_state(state, other).error().code, "KEY-PASSPHRASE");
}

}  // namespace
}  // namespace vedette::server
