#include <gtest/gtest.h>

#include "codec/json.h"

namespace vedette::codec {
namespace {

using namespace std::string_literals;

std::string code_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto value = parse_json(text, limits);
  return value.has_value() ? "accepted" : value.error().code;
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(ParseJson, RefusesWhatIsNoJson) {
  for (const char* bad :
       {"",          " ",        "nul",     "True",      "NaN",        "Infinity",
        "-",         "+1",       "01",      "-01",       "1.",         ".5",
        "1e",        "0x10",     "'a'",     "\"a",       "[1,]",       "[,1]",
        "[1 2]",     "{\"a\":}", "{\"a\"}", "{a:1}",     "{\"a\":1,}", "{1:2}",
        "[",         "]",        "}",       "[}",        "{]",         "// c\n1",
        "/* c */ 1", "\"\t\"",   "\"\n\"",  "\"\\x41\"", "\"\\u12\"",  "\"\\u12g4\""})
    EXPECT_EQ(code_of(bad), "JSON-SYNTAX") << bad;
}

TEST(ParseJson, RefusesAnythingBehindTheValue) {
  for (const std::string& bad : {"1 2"s, "{} {}"s, "[]]"s, "{}x"s, "null,"s, "{}\0"s, "{}\0 {}"s,
                                 "{}\n\0garbage"s, "1\f"s, "{}\xEF\xBB\xBF"s})
    EXPECT_EQ(code_of(bad), "JSON-SYNTAX") << bad;
}

TEST(ParseJson, RefusesAByteOrderMark) {
  EXPECT_EQ(code_of("\xEF\xBB\xBF{}"), "JSON-SYNTAX");
  EXPECT_EQ(code_of("\xFE\xFF{}"), "JSON-SYNTAX");
  EXPECT_EQ(code_of("\xFF\xFE{\0}\0"s), "JSON-SYNTAX");
}

TEST(ParseJson, RefusesInvalidUtf8) {
  for (const std::string& bad :
       {"\x80"s, "\xC0\xAF"s, "\xC3"s, "\xE0\x80\xAF"s, "\xED\xA0\x80"s, "\xED\xBF\xBF"s,
        "\xF0\x80\x80\xAF"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xFF"s, "\0"s}) {
    EXPECT_EQ(code_of("\"" + bad + "\""), "JSON-SYNTAX") << bad;
    EXPECT_EQ(code_of("{\"" + bad + "\":1}"), "JSON-SYNTAX") << bad;
  }
}

TEST(ParseJson, RefusesLoneSurrogates) {
  for (const char* bad : {R"("\uD800")", R"("\uDC00")", R"("\uD800\uD800")", R"("\uD800x")",
                          R"("\uDC00\uD800")", R"("\uD83D\u0041")", R"({"\uD800":1})"})
    EXPECT_EQ(code_of(bad), "JSON-SYNTAX") << bad;
}

TEST(ParseJson, RefusesTwoMembersOfOneName) {
  EXPECT_EQ(code_of(R"({"a":1,"a":1})"), "JSON-DUPLICATE");
  EXPECT_EQ(code_of(R"({"a":1,"b":2,"\u0061":3})"), "JSON-DUPLICATE");
  EXPECT_EQ(code_of(R"([{"x":{"a":1,"b":{},"a":[]}}])"), "JSON-DUPLICATE");
  EXPECT_EQ(code_of(R"({"":1,"":2})"), "JSON-DUPLICATE");
}

TEST(ParseJson, AcceptsOneNameInDifferentObjects) {
  EXPECT_EQ(code_of(R"({"a":{"a":1},"b":{"a":1},"A":[{"a":1},{"a":2}]})"), "accepted");
}

TEST(ParseJson, RefusesIntegersBeyondSixtyFourBits) {
  for (const char* bad : {"9223372036854775808", "-9223372036854775809", "18446744073709551615",
                          "18446744073709551616", "[100000000000000000000000000000]",
                          "{\"a\":-100000000000000000000000000000}"})
    EXPECT_EQ(code_of(bad), "JSON-NUMBER") << bad;
  EXPECT_EQ(code_of(std::string(5000, '9')), "JSON-NUMBER");
  EXPECT_EQ(code_of("-" + std::string(5000, '9')), "JSON-NUMBER");
}

TEST(ParseJson, RefusesNumbersThatNoDoubleHolds) {
  for (const char* bad : {"1e400", "-1e400", "1.0e309", "[1e99999999999]"})
    EXPECT_EQ(code_of(bad), "JSON-NUMBER") << bad;
}

TEST(ParseJson, RefusesMoreThanItsLimits) {
  EXPECT_EQ(code_of("[1,2]", {.max_bytes = 4}), "JSON-SIZE");
  EXPECT_EQ(code_of("[1,2]", {.max_bytes = 5}), "accepted");
  EXPECT_EQ(code_of("[1,2]", {.max_values = 2}), "JSON-SIZE");
  EXPECT_EQ(code_of("[1,2]", {.max_values = 3}), "accepted");
  EXPECT_EQ(code_of(R"({"a":{"b":1}})", {.max_values = 2}), "JSON-SIZE");
  EXPECT_EQ(code_of("[[]]", {.max_depth = 1}), "JSON-DEPTH");
  EXPECT_EQ(code_of("[[]]", {.max_depth = 2}), "accepted");
  EXPECT_EQ(code_of("7", {.max_depth = 0}), "accepted");
  EXPECT_EQ(code_of("[]", {.max_depth = 0}), "JSON-DEPTH");
}

TEST(ParseJson, RefusesDeepNestingWhateverTheCallerAllows) {
  EXPECT_EQ(code_of(nested(32)), "accepted");
  EXPECT_EQ(code_of(nested(33)), "JSON-DEPTH");
  EXPECT_EQ(code_of(nested(256), {.max_depth = 1'000'000}), "accepted");
  EXPECT_EQ(code_of(nested(257), {.max_depth = 1'000'000}), "JSON-DEPTH");
  EXPECT_EQ(code_of(std::string(500'000, '[')), "JSON-DEPTH");
  std::string objects;
  for (int i = 0; i < 100'000; ++i)
    objects += "{\"a\":";
  EXPECT_EQ(code_of(objects), "JSON-DEPTH");
}

TEST(ParseJson, TellsWhereTheTextGoesWrongWithoutRepeatingIt) {
  const auto value = parse_json("{\"a\": \xFF\xFE}");
  ASSERT_FALSE(value.has_value());
  EXPECT_NE(value.error().cause.find("column 7"), std::string::npos) << value.error().cause;
  EXPECT_EQ(value.error().cause.find('\xFF'), std::string::npos);
}

TEST(ParseJson, ReadsAnObjectOfManyMembersQuickly) {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i)
    text += "\"member-" + std::to_string(i) + "\":1,";
  EXPECT_EQ(code_of(text + "\"last\":1}"), "accepted");
  EXPECT_EQ(code_of(text + "\"member-0\":1}"), "JSON-DUPLICATE");
}

TEST(ParseJson, TellsIntegersFromDoubles) {
  EXPECT_EQ(*parse_json("9223372036854775807")->if_integer(), 9223372036854775807);
  EXPECT_EQ(*parse_json("-9223372036854775808")->if_integer(), -9223372036854775807 - 1);
  EXPECT_EQ(*parse_json("-0")->if_integer(), 0);
  for (const char* text : {"1.0", "1e0", "1E0", "-0.0", "1e5"}) {
    EXPECT_EQ(parse_json(text)->if_integer(), nullptr) << text;
    EXPECT_NE(parse_json(text)->if_double(), nullptr) << text;
  }
  EXPECT_EQ(*parse_json("1e-400")->if_double(), 0.0);
}

TEST(ParseJson, KeepsTheOrderOfMembers) {
  const auto value = parse_json(" {\"z\" : [1, true, null, \"x\"],\r\n\t\"a\":{} } ");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(*value,
            (Json(Json::Object{{"z", Json::Array{1, true, nullptr, "x"}}, {"a", Json::Object()}})));
}

TEST(ParseJson, DecodesEscapes) {
  const auto value = parse_json(R"("\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\uDE00")");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(*value->if_string(), "\"\\/\b\f\n\r\t\0\xC3\xA9\xF0\x9F\x98\x80"s);
}

}  // namespace
}  // namespace vedette::codec
