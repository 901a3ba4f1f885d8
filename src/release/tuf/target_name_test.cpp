#include "release/tuf/target_name.h"

#include <gtest/gtest.h>

namespace vedette::release::tuf {
namespace {

TEST(TufTargetName, RefusesHostileNames) {
  for (const std::string bad : {"", "/etc/passwd", "../x", "a/../../x", "a/..", "./a", ".", "a//b",
                                "a/", "a\\b", "a\nb", "a\x7F"})
    EXPECT_EQ(check_target_name(bad).error().code, "TUF-TARGET-NAME") << bad;
  EXPECT_FALSE(check_target_name(std::string("a\0b", 3)));
  EXPECT_FALSE(check_target_name(std::string(1025, 'a')));
  for (const std::string good : {"a", "a/b.c", "..a", "a..b/c", "\xC3\xA4/ x"})
    EXPECT_TRUE(check_target_name(good)) << good;
}

TEST(TufTargetName, LeavesNoFolder) {
  EXPECT_EQ(file_name("a/b"), "a%2Fb");
  EXPECT_EQ(file_name("../delegated"), "%2E.%2Fdelegated");
  EXPECT_EQ(file_name(".."), "%2E.");
  EXPECT_EQ(file_name("."), "%2E");
  EXPECT_EQ(file_name("a%2Fb"), "a%252Fb") << "two names have two files";
  EXPECT_EQ(file_name(std::string("a\0", 2)), "a%00");
  EXPECT_EQ(file_name("").error().code, "TUF-FILE-NAME");
  EXPECT_EQ(file_name(std::string(81, '/')).error().code, "TUF-FILE-NAME");
}

TEST(TufTargetName, EscapesForUrls) {
  EXPECT_EQ(url_segment("../a?#b"), "..%2Fa%3F%23b");
  EXPECT_EQ(url_path("a/b c~%"), "a/b%20c~%25");
}

}  // namespace
}  // namespace vedette::release::tuf
