// Keys in a token by their names: what is refused, and what they are good for.
#include "platform/pkcs11/pkcs11_keys.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "testing/software_token.h"

namespace vedette::platform {
namespace {

using testing::SoftwareToken;

struct Pkcs11KeysTest : ::testing::Test {
  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
    token = std::make_unique<SoftwareToken>();
  }
  std::string code(const std::string& name, const pkcs11::KeyRules& rules = {}) const {
    Pkcs11Keys keys(rules);
    const auto key = keys.private_key(name);
    return key ? "" : key.error().code;
  }
  std::string replace(std::string text, const std::string& from, const std::string& to) const {
    const auto place = text.find(from);
    return place == std::string::npos ? text : text.replace(place, from.size(), to);
  }

  std::unique_ptr<SoftwareToken> token;
};

TEST_F(Pkcs11KeysTest, RefusesAModuleThatIsNoneOrThatOthersMayWrite) {
  const TemporaryFolder folder;
  const std::string path = folder / "module.so";
  const std::string name = "pkcs11:token=t;object=o?module-path=" + path;
  EXPECT_EQ(code(name), "PKCS11-MODULE");
  std::ofstream(path) << "no library";
  EXPECT_EQ(code(name), "PKCS11-MODULE");
  std::filesystem::copy_file("/usr/lib/softhsm/libsofthsm2.so", path,
                             std::filesystem::copy_options::overwrite_existing);
  ::chmod(path.c_str(), 0777);
  Pkcs11Keys keys;
  const auto refused = keys.private_key(name);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "PKCS11-MODULE");
  EXPECT_NE(refused.error().cause.find("others may write"), std::string::npos);
}

TEST_F(Pkcs11KeysTest, RefusesAnotherToken) {
  token->generate({});
  const std::string name = token->uri("issuing");
  EXPECT_EQ(code(replace(name, "vedette%20test", "vedette")), "PKCS11-TOKEN");
  EXPECT_EQ(code(replace(name, ";object", ";serial=00;object")), "PKCS11-TOKEN");
}

TEST_F(Pkcs11KeysTest, RefusesNoPinAWrongPinAndAPinThatOthersMayRead) {
  token->generate({});
  const std::string name = token->uri("issuing");
  EXPECT_EQ(code(replace(name, "&pin-source=" + token->pin_path(), "")), "PKCS11-PIN");
  ::chmod(token->pin_path().c_str(), 0640);
  EXPECT_EQ(code(name), "KEY-SECRET-FILE");
  ::chmod(token->pin_path().c_str(), 0600);
  std::ofstream(token->pin_path()) << "4321\n";
  EXPECT_EQ(code(name), "PKCS11-PIN");
}

TEST_F(Pkcs11KeysTest, RefusesNoKeyTwoKeysAndAnotherCurve) {
  token->generate({.label = "issuing", .id = "\x01"});
  token->generate({.label = "issuing", .id = "\x02"});
  token->generate({.label = "wide", .id = "\x03", .p384 = true});
  EXPECT_EQ(code(token->uri("none")), "PKCS11-KEY");
  EXPECT_EQ(code(token->uri("issuing")), "PKCS11-AMBIGUOUS");
  EXPECT_EQ(code(token->uri("wide")), "PKCS11-KEY");
  EXPECT_EQ(code(replace(token->uri("issuing"), "object=issuing", "object=issuing;id=%02")), "");
}

TEST_F(Pkcs11KeysTest, RefusesAKeyWhoseTokenWouldHandItOut) {
  token->generate({.label = "loose", .id = "\x01", .extractable = true});
  token->generate({.label = "open", .id = "\x02", .extractable = true, .sensitive = false});
  EXPECT_EQ(code(token->uri("loose")), "PKCS11-EXTRACTABLE");
  EXPECT_EQ(code(token->uri("open")), "PKCS11-EXTRACTABLE");
  EXPECT_EQ(code(token->uri("open"), {.insecure_extractable = true}), "");
}

TEST_F(Pkcs11KeysTest, RefusesAKeyThatMayNotSignOrWantsItsPinEachTime) {
  token->generate({.label = "mute", .id = "\x01", .signs = false});
  token->generate({.label = "shy", .id = "\x02", .always_authenticate = true});
  EXPECT_EQ(code(token->uri("mute")), "PKCS11-KEY");
  EXPECT_EQ(code(token->uri("shy")), "PKCS11-KEY");
}

TEST_F(Pkcs11KeysTest, SignsWithAKeyThatCannotBeWrittenOut) {
  token->generate({});
  Pkcs11Keys keys;
  const auto key = keys.private_key(token->uri("issuing"));
  ASSERT_TRUE(key) << describe(key.error());
  EXPECT_EQ(key->encrypted_pem(as_bytes("passphrase")).error().code, "KEY-NOT-EXPORTABLE");
  const auto signature = key->sign(as_bytes("message"));
  ASSERT_TRUE(signature) << describe(signature.error());
  EXPECT_TRUE(
      key->public_key().verify(crypto::Hash::sha256, as_bytes("message"), *signature).has_value());
  EXPECT_EQ(keys.private_key(token->uri("issuing"))->public_key(), key->public_key());
}

}  // namespace
}  // namespace vedette::platform
