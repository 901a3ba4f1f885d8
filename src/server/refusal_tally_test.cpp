#include "server/refusal_tally.h"

#include <gtest/gtest.h>

namespace vedette::server {
namespace {

const TimePoint kStart = from_unix_seconds(1'790'000'000);

// As whoever writes the log does with each refusal.
struct Written {
  std::uint64_t lines = 0;
  std::uint64_t summed = 0;
  std::uint64_t summaries = 0;

  void refuse(RefusalTally& tally, TimePoint now) {
    if (const auto summary = tally.due(now)) {
      ++summaries;
      summed += summary->count;
    }
    if (tally.has_own_line()) ++lines;
  }
};

TEST(RefusalTally, AStormIsAFewLinesAndACount) {
  RefusalTally tally;
  Written written;
  for (int i = 0; i < 100'000; ++i)
    written.refuse(tally, kStart + Duration(i / 2));  // in 50 seconds
  EXPECT_EQ(written.lines, RefusalTally::kOwnLines);
  EXPECT_EQ(written.summaries, 0U) << "not before the interval is over";
  const auto summary = tally.due(kStart + RefusalTally::kInterval);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->count + written.lines, 100'000U) << "none is forgotten";
  EXPECT_EQ(summary->from, kStart);
  EXPECT_FALSE(tally.due(kStart + RefusalTally::kInterval).has_value()) << "once";
}

TEST(RefusalTally, AStormThatDoesNotEndIsBoundedInEachInterval) {
  RefusalTally tally;
  Written written;
  for (int i = 0; i < 100'000; ++i)
    written.refuse(tally, kStart + Duration(i * 6));  // in ten minutes
  EXPECT_LE(written.lines, 10 * RefusalTally::kOwnLines);
  EXPECT_LE(written.summaries, 10U);
  EXPECT_GT(written.summed, 80'000U);
}

TEST(RefusalTally, AFewAreWrittenEach) {
  RefusalTally tally;
  Written written;
  for (int minute = 0; minute < 10; ++minute)
    written.refuse(tally, kStart + std::chrono::minutes(minute));
  EXPECT_EQ(written.lines, 10U);
  EXPECT_EQ(written.summaries, 0U);
}

TEST(RefusalTally, AClockThatWasSetBackDoesNotSilenceIt) {
  RefusalTally tally;
  Written written;
  for (std::uint64_t i = 0; i < 2 * RefusalTally::kOwnLines; ++i)
    written.refuse(tally, kStart);
  written.refuse(tally, kStart - std::chrono::hours(1));
  EXPECT_EQ(written.summed, RefusalTally::kOwnLines);
  EXPECT_EQ(written.lines, RefusalTally::kOwnLines + 1);
}

}  // namespace
}  // namespace vedette::server
