#include "server/running_releases.h"

#include <gtest/gtest.h>

namespace vedette::server {
namespace {

TEST(RunningReleases, RefusesWhatIsNoListOfThem) {
  for (const char* text :
       {"voice", "voice:", "voice:0", "voice:-1", "voice:1x", ":1", "a/b:1", "voice:1,", ",voice:1",
        "voice:1,,gauge:1", "voice:1 ", "voice:18446744073709551616"})
    EXPECT_EQ(parse_running(text).error().code, "HTTP-QUERY") << text;
  std::string many = "voice:1";
  for (int i = 0; i < 63; ++i)
    many += ",voice:1";
  EXPECT_EQ(parse_running(many)->size(), 64U);
  EXPECT_EQ(parse_running(many + ",voice:1").error().code, "HTTP-QUERY");
}

TEST(RunningReleases, ReadsWhatItWrites) {
  EXPECT_TRUE(parse_running("")->empty());
  const auto running = parse_running("voice:3,gauge:18446744073709551615");
  ASSERT_TRUE(running) << describe(running.error());
  ASSERT_EQ(running->size(), 2U);
  EXPECT_EQ(to_string(running->front()), "voice:3");
  EXPECT_EQ(to_string(running->back()), "gauge:18446744073709551615");
}

}  // namespace
}  // namespace vedette::server
