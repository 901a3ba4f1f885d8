#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/cbor.h"

namespace vedette::codec {
namespace {

std::string code_of(std::string_view hex, const CborOptions& options = {}) {
  const auto value = parse_cbor(from_hex(hex).value(), options);
  return value.has_value() ? "accepted" : value.error().code;
}

Cbor read(std::string_view hex) {
  return parse_cbor(from_hex(hex).value()).value();
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i)
    result += text;
  return result;
}

TEST(ParseCbor, RefusesWhatIsCutShortOrHasMoreBehindIt) {
  for (const char* bad : {"", "18", "19ff", "1affffff", "1bffffffffffffff", "41", "6261", "81",
                          "8201", "a1", "a101", "a10102ff", "c1", "0000", "f6f6", "5affffffff00",
                          "7bffffffffffffffff61", "9bffffffffffffffff00", "bbffffffffffffffff0000"})
    EXPECT_EQ(code_of(bad), "CBOR-SYNTAX") << bad;
}

TEST(ParseCbor, RefusesReservedAdditionalInformation) {
  for (const char* bad :
       {"1c", "1d", "1e", "1f", "3c", "3f", "5c", "7d", "9e", "bc", "dc", "df", "fc", "fe", "ff"})
    EXPECT_EQ(code_of(bad), "CBOR-SYNTAX") << bad;
}

TEST(ParseCbor, RefusesWhatTakesMoreOctetsThanItNeeds) {
  for (const char* bad : {"1800", "1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff",
                          "3817", "580100", "780161", "980100", "b8010102", "d80100", "a1180002"})
    EXPECT_EQ(code_of(bad), "CBOR-SHORTEST") << bad;
}

TEST(ParseCbor, RefusesDuplicateKeysWhereverTheyStand) {
  EXPECT_EQ(code_of("a201020103"), "CBOR-DUPLICATE");
  EXPECT_EQ(code_of("a2616101616102"), "CBOR-DUPLICATE");
  EXPECT_EQ(code_of("a3010202030104"), "CBOR-DUPLICATE");
  EXPECT_EQ(code_of("81a120a220012002"), "CBOR-DUPLICATE");
}

TEST(ParseCbor, RefusesUnorderedKeysOnlyWhereOrderIsDemanded) {
  for (const char* unordered : {"a202000100", "a220000100", "a2616100202a", "a262616100616200"}) {
    EXPECT_EQ(code_of(unordered), "accepted") << unordered;
    EXPECT_EQ(code_of(unordered, {.ordered_keys = true}), "CBOR-ORDER") << unordered;
  }
  // 10, 100, -1, "z", "aa": the order of RFC 8949, 4.2.1, without the kinds that we refuse.
  EXPECT_EQ(code_of("a50a00186400200061"
                    "7a0062616100",
                    {.ordered_keys = true}),
            "accepted");
}

TEST(ParseCbor, RefusesKeysThatAreNeitherTextNorSmallIntegers) {
  for (const char* bad : {"a14100f6", "a1f6f6", "a180f6", "a1a0f6", "a1c100f6",
                          "a11b8000000000000000f6", "a13b8000000000000000f6"})
    EXPECT_EQ(code_of(bad), "CBOR-KEY") << bad;
}

TEST(ParseCbor, RefusesTextThatIsNotUtf8) {
  for (const char* bad : {"61ff", "62c080", "63eda080", "a161fff6"})
    EXPECT_EQ(code_of(bad), "CBOR-TEXT") << bad;
}

TEST(ParseCbor, RefusesMoreThanItsBounds) {
  EXPECT_EQ(code_of(repeated("81", 16) + "00"), "accepted");
  EXPECT_EQ(code_of(repeated("81", 17) + "00"), "CBOR-DEPTH");
  EXPECT_EQ(code_of(repeated("c1", 17) + "00"), "CBOR-DEPTH");
  EXPECT_EQ(code_of(repeated("a100", 17) + "00"), "CBOR-DEPTH");
  EXPECT_EQ(code_of(repeated("81", 100'000) + "00", {.max_depth = 1'000'000}), "CBOR-DEPTH");
  EXPECT_EQ(code_of("8100", {.max_depth = 0}), "CBOR-DEPTH");
  EXPECT_EQ(code_of("820000", {.max_items = 3}), "accepted");
  EXPECT_EQ(code_of("83000000", {.max_items = 3}), "CBOR-SIZE");
  EXPECT_EQ(code_of("a10000", {.max_items = 2}), "CBOR-SIZE");
  EXPECT_EQ(code_of("00", {.max_items = 0}), "CBOR-SIZE");
  EXPECT_EQ(code_of("820000", {.max_bytes = 2}), "CBOR-SIZE");
}

// RFC 8949, Appendix A, table 6: what is outside of our scope, each by its own code.
TEST(ParseCbor, RefusesTheExamplesOfRfc8949OutOfScope) {
  for (const char* number : {"f90000",
                             "f98000",
                             "f93c00",
                             "fb3ff199999999999a",
                             "f93e00",
                             "f97bff",
                             "fa47c35000",
                             "fa7f7fffff",
                             "fb7e37e43c8800759c",
                             "f90001",
                             "f90400",
                             "f9c400",
                             "fbc010666666666666",
                             "f97c00",
                             "f97e00",
                             "f9fc00",
                             "fa7f800000",
                             "fa7fc00000",
                             "faff800000",
                             "fb7ff0000000000000",
                             "fb7ff8000000000000",
                             "fbfff0000000000000",
                             "c1fb41d452d9e20"
                             "00000"})
    EXPECT_EQ(code_of(number), "CBOR-FLOAT") << number;
  EXPECT_EQ(code_of("3bffffffffffffffff"), "CBOR-NUMBER");
  for (const char* simple : {"f7", "f0", "f8ff"})
    EXPECT_EQ(code_of(simple), "CBOR-SIMPLE") << simple;
  for (const char* indefinite :
       {"5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff",
        "9f01820203820405ff", "83018202039f0405ff", "83019f0203ff820405",
        "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf61610161629f0203ffff",
        "826161bf61626163ff", "bf6346756ef563416d7421ff"})
    EXPECT_EQ(code_of(indefinite), "CBOR-LENGTH") << indefinite;
}

// The same table: what is in scope is read, and written back octet for octet.
TEST(ParseCbor, ReadsAndRewritesTheExamplesOfRfc8949InScope) {
  for (const char* good : {"00",
                           "01",
                           "0a",
                           "17",
                           "1818",
                           "1819",
                           "1864",
                           "1903e8",
                           "1a000f4240",
                           "1b000000e8d4a51000",
                           "1bffffffffffffffff",
                           "c249010000000000000000",
                           "c349010000000000000000",
                           "20",
                           "29",
                           "3863",
                           "3903e7",
                           "f4",
                           "f5",
                           "f6",
                           "c074323031332d30332d32315432303a30343a30305a",
                           "c11a514b67b0",
                           "d74401020304",
                           "d818456449455446",
                           "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
                           "40",
                           "4401020304",
                           "60",
                           "6161",
                           "6449455446",
                           "62225c",
                           "62c3bc",
                           "63e6b0b4",
                           "64f0908591",
                           "80",
                           "83010203",
                           "8301820203820405",
                           "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
                           "a0",
                           "a201020304",
                           "a26161016162820203",
                           "826161a161626163",
                           "a56161614161626142616361436164614461656145"}) {
    const auto value = parse_cbor(from_hex(good).value(), {.ordered_keys = true});
    ASSERT_TRUE(value.has_value()) << good << " " << describe(value.error());
    EXPECT_EQ(to_hex(to_cbor(*value)), good);
  }
}

TEST(ParseCbor, TellsTheKindsApart) {
  EXPECT_EQ(read("1b7fffffffffffffff").if_integer(), 0x7fffffffffffffff);
  EXPECT_EQ(read("1b8000000000000000").if_integer(), std::nullopt);
  EXPECT_EQ(*read("1bffffffffffffffff").if_unsigned(), 0xffffffffffffffffU);
  EXPECT_EQ(read("3b7fffffffffffffff").if_integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read("20").if_unsigned(), nullptr);
  EXPECT_EQ(*read("62c3bc").if_text(), "\xC3\xBC");
  EXPECT_EQ(*read("4401020304").if_bytes(), (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(read("d81800").if_tag(), 24U);
  EXPECT_EQ(*read("d81805").content(24)->if_unsigned(), 5U);
  EXPECT_EQ(read("d81805").content(25), nullptr);
  EXPECT_TRUE(read("f6").is_null());
  EXPECT_EQ(*read("a220016161f5").find("a")->if_bool(), true);
  EXPECT_EQ(read("a220016161f5").find(-1)->if_integer(), 1);
  EXPECT_EQ(read("a220016161f5").find(0), nullptr);
  EXPECT_EQ(read("a220016161f5").if_map()->front().first, CborKey(-1));  // its order is kept
}

}  // namespace
}  // namespace vedette::codec
