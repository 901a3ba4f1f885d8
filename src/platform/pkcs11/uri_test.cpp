#include "platform/pkcs11/uri.h"

#include <gtest/gtest.h>

namespace vedette::platform::pkcs11 {
namespace {

constexpr const char* kModule = "?module-path=/m.so";

std::string code(const std::string& text) {
  const auto uri = parse_uri(text);
  return uri ? "" : uri.error().code;
}

TEST(Pkcs11Uri, RefusesASecretAndDoesNotRepeatIt) {
  const auto refused = parse_uri("pkcs11:token=t;object=o?module-path=/m.so&pin-value=98765");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "PKCS11-PIN");
  EXPECT_EQ(describe(refused.error()).find("98765"), std::string::npos);
}

TEST(Pkcs11Uri, RefusesWhatDoesNotNameOneTokenAndOneKey) {
  for (const char* path :
       {"pkcs11:", "pkcs11:token=t", "pkcs11:object=o", "pkcs11:model=m;object=o",
        "pkcs11:token=t;id=", "pkcs11:token=;object=o", "PKCS11:token=t;object=o", "token=t"})
    EXPECT_EQ(code(std::string(path) + kModule), "PKCS11-URI") << path;
}

TEST(Pkcs11Uri, RefusesModulesAndPinsWithoutAnAbsolutePath) {
  for (const char* query : {"", "?module-name=softhsm2", "?module-path=libsofthsm2.so",
                            "?module-path=", "?module-path=/m.so&pin-source=pin",
                            "?module-path=/m.so&pin-source=|/bin/pin", "?module-path=/m%00.so"})
    EXPECT_EQ(code(std::string("pkcs11:token=t;object=o") + query), "PKCS11-URI") << query;
}

TEST(Pkcs11Uri, RefusesTwiceUnknownAndMalformed) {
  for (const char* path :
       {"token=t;token=t;object=o", "token=t;object=o;slot-id=1", "token=t;object=o;x-vendor=1",
        "token=t;object=o;", "token=t;;object=o", "token=t;object", "token=t;=o;object=o",
        "token=t;object=%4", "token=t;object=%zz", "token=t;object=a b", "token=t;object=a/b",
        "token=t;object=o;type=public"})
    EXPECT_EQ(code(std::string("pkcs11:") + path + kModule), "PKCS11-URI") << path;
  EXPECT_EQ(code("pkcs11:token=t;object=o?module-path=/m.so&module-path=/n.so"), "PKCS11-URI");
}

TEST(Pkcs11Uri, RefusesWhatIsTooLong) {
  EXPECT_EQ(code("pkcs11:token=t;object=" + std::string(256, 'o') + kModule), "PKCS11-URI");
  EXPECT_EQ(code("pkcs11:token=t;object=" + std::string(3000, 'o') + kModule), "PKCS11-URI");
}

TEST(Pkcs11Uri, ReadsEveryPart) {
  const auto uri = parse_uri(
      "pkcs11:token=The%20CA;manufacturer=M;model=HSM;serial=01;object=a%3bb&c;id=%01%fF;type="
      "private"
      "?pin-source=file:/run/pin&module-path=/usr/lib/m.so");
  ASSERT_TRUE(uri) << describe(uri.error());
  EXPECT_EQ(uri->token, "The CA");
  EXPECT_EQ(uri->manufacturer, "M");
  EXPECT_EQ(uri->model, "HSM");
  EXPECT_EQ(uri->serial, "01");
  EXPECT_EQ(uri->object, "a;b&c");
  EXPECT_EQ(uri->id, (Bytes{0x01, 0xff}));
  EXPECT_EQ(uri->pin_source, "/run/pin");
  EXPECT_EQ(uri->module_path, "/usr/lib/m.so");
  EXPECT_EQ(
      parse_uri("pkcs11:token=t;object=o?module-path=/m&pin-source=file:///run/p")->pin_source,
      "/run/p");
}

}  // namespace
}  // namespace vedette::platform::pkcs11
