#include "inference/serving/serving_stats.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace vedette::inference::serving {
namespace {

TEST(ServingStats, AnOutcomeIsReadFromTheCode) {
  EXPECT_EQ(outcome_of("SRV-DEADLINE"), Outcome::late);
  EXPECT_EQ(outcome_of("SBX-DEADLINE"), Outcome::late);
  EXPECT_EQ(outcome_of("SRV-QUEUE-FULL"), Outcome::queue_full);
  EXPECT_EQ(outcome_of("SRV-CANCELLED"), Outcome::cancelled);
  EXPECT_EQ(outcome_of("SRV-QUARANTINED"), Outcome::unavailable);
  EXPECT_EQ(outcome_of("SBX-WORKER-DIED"), Outcome::died);
  EXPECT_EQ(outcome_of("SBX-REQUEST-SIZE"), Outcome::refused);
  EXPECT_EQ(outcome_of("INF-MODEL"), Outcome::refused);
}

TEST(ServingStats, ABoundBelongsToItsBucket) {
  Histogram histogram(kBatchBounds);
  for (const std::uint64_t value : {1U, 2U, 3U, 4U, 5U, 256U, 257U})
    histogram.record(value);
  EXPECT_EQ(histogram.count(0), 1U);
  EXPECT_EQ(histogram.count(1), 1U);
  EXPECT_EQ(histogram.count(2), 2U);
  EXPECT_EQ(histogram.count(3), 1U);
  EXPECT_EQ(histogram.count(8), 1U);
  EXPECT_EQ(histogram.count(9), 1U);
  EXPECT_EQ(histogram.total(), 7U);
  EXPECT_EQ(histogram.sum(), 528U);
}

TEST(ServingStats, BoundsRise) {
  EXPECT_TRUE(std::ranges::is_sorted(kLatencyBounds));
  EXPECT_TRUE(std::ranges::is_sorted(kBatchBounds));
  static_assert(kLatencyBounds.size() <= Histogram::kMaxBounds);
  static_assert(kBatchBounds.size() <= Histogram::kMaxBounds);
}

}  // namespace
}  // namespace vedette::inference::serving
