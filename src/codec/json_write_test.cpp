#include <limits>

#include <gtest/gtest.h>

#include "codec/json.h"

namespace vedette::codec {
namespace {

using namespace std::string_literals;

TEST(WriteJson, NeverWritesInvalidUtf8) {
  EXPECT_EQ(to_json("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(to_json("\xC3"), "\"\xEF\xBF\xBD\"");
  for (const std::string& hostile :
       {"\x80"s, "\xC0\xAF"s, "\xE0\x80\xAF"s, "\xED\xA0\x80"s, "\xF0\x8F\xBF\xBF"s,
        "\xF4\x90\x80\x80"s, "\xF8"s, "\xE2\x82"s, "\xF0\x9F\x98"s}) {
    const auto read = parse_json(to_json(Json::Object{{hostile, hostile}}));
    EXPECT_TRUE(read.has_value()) << hostile;
  }
}

TEST(WriteJson, NeverWritesWhatIsNoNumber) {
  EXPECT_EQ(to_json(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(to_json(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(WriteJson, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(to_json("\"\\/\b\f\n\r\t\x01\x1F\x7F\0"s), R"("\"\\/\b\f\n\r\t\u0001\u001f)"
                                                       "\x7F"
                                                       R"(\u0000")");
}

TEST(WriteJson, LeavesUtf8AsItIs) {
  const std::string text = "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xED\x9F\xBF\xF4\x8F\xBF\xBF";
  EXPECT_EQ(to_json(text), "\"" + text + "\"");
}

TEST(WriteJson, WritesTheShortestNumberThatReadsBackAlike) {
  EXPECT_EQ(to_json(0.1), "0.1");
  EXPECT_EQ(to_json(1.0), "1.0");
  EXPECT_EQ(to_json(-0.0), "-0.0");
  EXPECT_EQ(to_json(1e300), "1e+300");
  EXPECT_EQ(to_json(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  for (const double value : {1.0 / 3, 5e-324, std::numeric_limits<double>::max(), 1e22, 123456789.0,
                             9007199254740993.0}) {
    const auto read = parse_json(to_json(value));
    ASSERT_TRUE(read.has_value()) << value;
    ASSERT_NE(read->if_double(), nullptr) << value;
    EXPECT_EQ(*read->if_double(), value);
  }
}

TEST(WriteJson, IsCompactAndKeepsTheOrder) {
  const Json value = Json::Object{
      {"z", Json::Array{1, true, nullptr, "x"}}, {"a", Json::Object()}, {"b", Json::Array()}};
  EXPECT_EQ(to_json(value), R"({"z":[1,true,null,"x"],"a":{},"b":[]})");
}

TEST(WriteJson, IndentsForPeople) {
  const Json value = Json::Object{{"z", Json::Array{1, 2}}, {"a", Json::Object()}};
  EXPECT_EQ(to_pretty_json(value), "{\n  \"z\": [\n    1,\n    2\n  ],\n  \"a\": {}\n}");
  EXPECT_EQ(parse_json(to_pretty_json(value)), value);
}

}  // namespace
}  // namespace vedette::codec
