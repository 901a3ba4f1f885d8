#include "release/tuf/canonical_json.h"

#include <gtest/gtest.h>

namespace vedette::release::tuf {
namespace {

std::string canonical(std::string_view text) {
  const auto json = codec::parse_json(text);
  if (!json) return json.error().code;
  const auto out = canonical_json(*json);
  return out ? *out : out.error().code;
}

TEST(TufCanonicalJson, RefusesWhatIsNoInteger) {
  for (const char* bad : {"1.5", "[1.0]", R"({"a":1e0})"})
    EXPECT_EQ(canonical(bad), "TUF-CANONICAL") << bad;
}

TEST(TufCanonicalJson, EscapesTwoCharactersOnly) {
  EXPECT_EQ(canonical(R"("a\"b\\c\/d")"), R"("a\"b\\c/d")");
  EXPECT_EQ(canonical(R"("a\nb\t\u0001")"), "\"a\nb\t\x01\"");
  EXPECT_EQ(canonical(R"("\u00e4")"), "\"\xC3\xA4\"");
}

// securesystemslib's encode_canonical says the same of this one.
TEST(TufCanonicalJson, SortsByCodePointAndKeepsNoSpace) {
  EXPECT_EQ(canonical(R"( { "b" : [ 1 , -2, true ], "a": null, "B": {} } )"),
            R"({"B":{},"a":null,"b":[1,-2,true]})");
  EXPECT_EQ(canonical(R"({"\uD83D\uDE00":1,"\uFFFD":2})"),
            "{\"\xEF\xBF\xBD\":2,\"\xF0\x9F\x98\x80\":1}")
      << "not by UTF-16 units";
}

}  // namespace
}  // namespace vedette::release::tuf
