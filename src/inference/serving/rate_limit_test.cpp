#include "inference/serving/rate_limit.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "inference/serving/retry_after.h"
#include "testing/fake_monotonic_clock.h"

namespace vedette::inference::serving {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

int admitted(RateLimit& limit, int attempts) {
  int count = 0;
  for (int i = 0; i < attempts; ++i)
    count += limit.admit().has_value() ? 1 : 0;
  return count;
}

TEST(RateLimit, RefusesWhatExceedsTheBurstAndSaysHowLongToWait) {
  const FakeMonotonicClock clock;
  RateLimit limit({.per_second = 10, .burst = 3}, clock);
  EXPECT_EQ(admitted(limit, 3), 3);
  const auto refused = limit.admit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "SRV-RATE");
  EXPECT_EQ(retry_after(refused.error()), milliseconds(100));
}

TEST(RateLimit, RefusesEverythingAtARateOfZero) {
  FakeMonotonicClock clock;
  RateLimit limit({.per_second = 0, .burst = 5}, clock);
  clock.advance(seconds(100));
  const auto refused = limit.admit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "SRV-RATE");
  EXPECT_EQ(retry_after(refused.error()), std::nullopt);
}

TEST(RateLimit, ARefusalTakesNothing) {
  FakeMonotonicClock clock;
  RateLimit limit({.per_second = 10, .burst = 1}, clock);
  EXPECT_EQ(admitted(limit, 50), 1);
  clock.advance(milliseconds(100));
  EXPECT_EQ(admitted(limit, 50), 1);
}

TEST(RateLimit, TheWaitThatItSaysIsEnough) {
  FakeMonotonicClock clock;
  RateLimit limit({.per_second = 3, .burst = 2}, clock);
  EXPECT_EQ(admitted(limit, 2), 2);
  clock.advance(milliseconds(17));
  const auto refused = limit.admit();
  ASSERT_FALSE(refused);
  clock.advance(retry_after(refused.error()).value());
  EXPECT_TRUE(limit.admit());
}

TEST(RateLimit, ARestedBucketHoldsItsBurstAndNoMore) {
  FakeMonotonicClock clock;
  RateLimit limit({.per_second = 100, .burst = 5}, clock);
  clock.advance(seconds(3600));
  EXPECT_EQ(admitted(limit, 100), 5);
}

TEST(RateLimit, OverTimeItAdmitsTheRate) {
  FakeMonotonicClock clock;
  RateLimit limit({.per_second = 20, .burst = 1}, clock);
  int count = 0;
  for (int i = 0; i < 10'000; ++i) {
    count += admitted(limit, 1);
    clock.advance(milliseconds(1));
  }
  EXPECT_EQ(count, 200);
}

TEST(RateLimit, ThreadsShareTheTokens) {
  const FakeMonotonicClock clock;
  RateLimit limit({.per_second = 1, .burst = 1000}, clock);
  std::atomic<int> count = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { count += admitted(limit, 500); });
  threads.clear();
  EXPECT_EQ(count, 1000);
}

TEST(RetryAfter, IsReadFromNoOtherWords) {
  for (const auto* const cause : {"", "try again in ", "try again in  ms", "try again in x ms",
                                  "try again in 5 s", "try again in 5x ms", " ms"})
    EXPECT_EQ(retry_after(Error{"SRV-X", "m", cause, ""}), std::nullopt) << cause;
}

TEST(RetryAfter, IsRoundedUp) {
  EXPECT_EQ(retry_after(refuse_for("SRV-X", "m", std::chrono::nanoseconds(1)).error()),
            milliseconds(1));
  EXPECT_EQ(retry_after(refuse_for("SRV-X", "m", microseconds(1001)).error()), milliseconds(2));
  EXPECT_EQ(retry_after(refuse_for("SRV-X", "m", seconds(-4)).error()), milliseconds(1));
}

}  // namespace
}  // namespace vedette::inference::serving
