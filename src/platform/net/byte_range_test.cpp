#include "platform/net/byte_range.h"

#include <gtest/gtest.h>

namespace vedette::platform {
namespace {

constexpr std::uint64_t kSize = 100;

HttpRequest asking(const std::string& range, const std::string& condition = {}) {
  HttpRequest request{"GET", "/", {}, {}};
  request.headers.emplace_back("range", range);
  if (!condition.empty()) request.headers.emplace_back("if-range", condition);
  return request;
}

std::string part_of(const HttpRequest& request) {
  const auto range = requested_range(request, kSize, "tag");
  if (!range) return range.error().code;
  if (!*range) return "whole";
  return std::to_string((*range)->first) + "+" + std::to_string((*range)->size);
}

TEST(ByteRange, RefusesToBeginAtTheEndOrBehind) {
  EXPECT_EQ(part_of(asking("bytes=100-")), "HTTP-RANGE");
  EXPECT_EQ(part_of(asking("bytes=18446744073709551615-")), "HTTP-RANGE");
  EXPECT_EQ(requested_range(asking("bytes=0-"), 0, "tag").error().code, "HTTP-RANGE");
}

TEST(ByteRange, IgnoresWhatIsNoSingleRange) {
  for (const char* range : {"", "bytes", "bytes=", "bytes=-", "bytes=-5", "bytes=5", "bytes=5-4",
                            "bytes=0-1,3-4", "bytes=+1-", "bytes= 1-", "bytes=1 -", "bytes=0x1-",
                            "bytes=18446744073709551616-", "lines=1-2", "BYTES=1-2"})
    EXPECT_EQ(part_of(asking(range)), "whole") << range;
  EXPECT_EQ(part_of({"GET", "/", {}, {}}), "whole");
}

TEST(ByteRange, SendsTheWholeOfAnotherRepresentation) {
  EXPECT_EQ(part_of(asking("bytes=1-", "\"other\"")), "whole");
  EXPECT_EQ(part_of(asking("bytes=1-", "W/\"tag\"")), "whole");  // weak: RFC 9110, 13.1.5
  EXPECT_EQ(part_of(asking("bytes=1-", "tag")), "whole");
  EXPECT_EQ(part_of(asking("bytes=1-", "\"tag\"")), "1+99");
}

TEST(ByteRange, IsCutAtTheEnd) {
  EXPECT_EQ(part_of(asking("bytes=0-")), "0+100");
  EXPECT_EQ(part_of(asking("bytes=99-")), "99+1");
  EXPECT_EQ(part_of(asking("bytes=10-19")), "10+10");
  EXPECT_EQ(part_of(asking("bytes=10-18446744073709551615")), "10+90");
}

TEST(ByteRange, AskingAndAnsweringFitTogether) {
  HttpRequest request{"GET", "/", {}, {}};
  EXPECT_EQ(asked_from(request), std::nullopt);
  ask_from(request, 40, "tag");
  EXPECT_EQ(asked_from(request), 40U);
  const auto range = requested_range(request, kSize, "tag");
  ASSERT_TRUE(range.has_value() && *range);
  HttpResponse response;
  mark_partial(response, **range, kSize);
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.body_size, 60U);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers.front().second, "bytes 40-99/100");
  EXPECT_TRUE(check_beginning(response, 40).has_value());
}

TEST(ByteRange, AnAnswerWithAnotherPartIsRefused) {
  HttpResponse response;
  mark_partial(response, {4, 10}, kSize);
  EXPECT_TRUE(check_beginning(response, 4).has_value());
  for (const std::uint64_t first : {0UL, 40UL, 5UL})
    EXPECT_EQ(check_beginning(response, first).error().code, "NET-RANGE") << first;
  response.status = 200;
  EXPECT_EQ(check_beginning(response, 4).error().code, "NET-RANGE");
  response.status = 206;
  EXPECT_EQ(check_beginning(response, std::nullopt).error().code, "NET-RANGE");
  response.headers.clear();
  EXPECT_EQ(check_beginning(response, 4).error().code, "NET-RANGE");
  EXPECT_TRUE(check_beginning({}, std::nullopt).has_value());
}

}  // namespace
}  // namespace vedette::platform
