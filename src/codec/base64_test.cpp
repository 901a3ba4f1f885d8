#include "codec/base64.h"

#include <gtest/gtest.h>

namespace vedette::codec {
namespace {

struct Pair {
  std::string_view plain;
  std::string_view encoded;
};

// RFC 4648, section 10.
constexpr Pair kRfcVectors[] = {{"", ""},
                                {"f", "Zg=="},
                                {"fo", "Zm8="},
                                {"foo", "Zm9v"},
                                {"foob", "Zm9vYg=="},
                                {"fooba", "Zm9vYmE="},
                                {"foobar", "Zm9vYmFy"}};

std::string code_of(const Result<Bytes>& bytes) {
  return bytes.has_value() ? "accepted" : bytes.error().code;
}

TEST(Base64, RefusesForeignCharacters) {
  for (const char* bad : {"Zm9*", "Zm9-", "Zm_v", "Zm 9", "Zm9\n", " Zm9",
                          "Z\xC3\xA9"
                          "9",
                          "Zm9v\n"})
    EXPECT_EQ(code_of(from_base64(bad)), "BASE64-SYNTAX") << bad;
  EXPECT_EQ(code_of(from_base64(std::string_view("Zm9\0", 4))), "BASE64-SYNTAX");
}

TEST(Base64, RefusesWrongPadding) {
  for (const char* bad : {"Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "Zm9v====", "=",
                          "==", "====", "Z===", "Zg==Zg==", "Z=g=", "=Zm8", "Zm9vY"})
    EXPECT_EQ(code_of(from_base64(bad)), "BASE64-SYNTAX") << bad;
}

TEST(Base64, RefusesBitsBehindTheLastOctet) {
  for (const char* bad : {"Zh==", "Zv==", "Zm9=", "Zm8=Zm9v"})
    EXPECT_EQ(code_of(from_base64(bad)), "BASE64-SYNTAX") << bad;
}

TEST(Base64, ReadsAndWritesTheVectorsOfTheRfc) {
  for (const auto& [plain, encoded] : kRfcVectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
    const auto bytes = from_base64(encoded);
    ASSERT_TRUE(bytes.has_value()) << encoded;
    EXPECT_EQ(as_text(*bytes), plain);
  }
}

TEST(Base64, ReadsBackEveryOctet) {
  Bytes all;
  for (unsigned i = 0; i < 256; ++i) {
    all.push_back(static_cast<std::uint8_t>(i));
    EXPECT_EQ(from_base64(to_base64(all)), all);
    EXPECT_EQ(from_base64url(to_base64url(all)), all);
  }
}

TEST(Base64Url, RefusesPaddingAndTheOtherAlphabet) {
  for (const char* bad : {"Zg==", "Zm8=", "Z", "Zm9+", "Zm/v", "Zh", "Zm9\n"})
    EXPECT_EQ(code_of(from_base64url(bad)), "BASE64-SYNTAX") << bad;
}

TEST(Base64Url, UsesTheUrlSafeDigits) {
  const Bytes bytes = {0xFB, 0xFF, 0xBF, 0xFE};
  EXPECT_EQ(to_base64(bytes), "+/+//g==");
  EXPECT_EQ(to_base64url(bytes), "-_-__g");
  EXPECT_EQ(from_base64url("-_-__g"), bytes);
}

TEST(Base64Lines, RefuseEveryWhiteSpaceButLineBreaks) {
  for (const char* bad : {"Zm9v YmFy", "Zm9v\tYmFy", "Zm9v\vYmFy", "Zm9v\r\nYmF"})
    EXPECT_EQ(code_of(from_base64_lines(bad)), "BASE64-SYNTAX") << bad;
}

TEST(Base64Lines, MayBreakAnywhere) {
  EXPECT_EQ(from_base64_lines("Zm9v\r\nYmFy\r\n"), to_bytes("foobar"));
  EXPECT_EQ(from_base64_lines("\nZ\nm9vY\r\rg==\n"), to_bytes("foob"));
  EXPECT_EQ(from_base64_lines("\r\n"), Bytes());
}

TEST(Hex, RefusesOddLengthsAndForeignCharacters) {
  for (const char* bad : {"0", "abc", "0x00", "0g", "g0", "0 0 ", "00 11"})
    EXPECT_EQ(code_of(from_hex(bad)), "HEX-SYNTAX") << bad;
}

TEST(Hex, ReadsEitherCase) {
  EXPECT_EQ(from_hex("00fF7A"), (Bytes{0x00, 0xFF, 0x7A}));
  EXPECT_EQ(from_hex(""), Bytes());
}

}  // namespace
}  // namespace vedette::codec
