#include "codec/utf8.h"

#include <gtest/gtest.h>

namespace vedette::codec {
namespace {

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  for (const char* bad : {"\x80", "a\xFF", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Utf8, AcceptsEveryLength) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
}

TEST(Utf8, FindsControlCharacters) {
  for (const char* bad : {"a\n", "\x1F", "\x7F", "\xC2\x85", "\xC2\x9F"})
    EXPECT_TRUE(has_control_character(bad)) << bad;
  for (const char* good : {"", "a b", "\xC2\xA0", "\xC3\x85"})
    EXPECT_FALSE(has_control_character(good)) << good;
}

}  // namespace
}  // namespace vedette::codec
