#include "attestation/trust_vector.h"

#include <gtest/gtest.h>

namespace vedette::attestation {
namespace {

// AR4SI 2.3.2, at every edge.
TEST(TrustVector, tiers_begin_and_end_where_the_draft_says) {
  const struct {
    int claim;
    TrustTier tier;
  } edges[] = {
      {-128, TrustTier::contraindicated},
      {-97, TrustTier::contraindicated},
      {-96, TrustTier::warning},
      {-33, TrustTier::warning},
      {-32, TrustTier::affirming},
      {-2, TrustTier::affirming},
      {-1, TrustTier::none},
      {0, TrustTier::none},
      {1, TrustTier::none},
      {2, TrustTier::affirming},
      {31, TrustTier::affirming},
      {32, TrustTier::warning},
      {95, TrustTier::warning},
      {96, TrustTier::contraindicated},
      {127, TrustTier::contraindicated},
  };
  for (const auto& [claim, tier] : edges)
    EXPECT_EQ(tier_of(static_cast<std::int8_t>(claim)), tier) << claim;
}

TEST(TrustVector, the_worst_claim_counts) {
  TrustVector vector;
  EXPECT_EQ(vector.worst(), TrustTier::none);
  vector.set(TrustClaim::hardware, 2);
  EXPECT_EQ(vector.worst(), TrustTier::affirming);
  vector.set(TrustClaim::sourced_data, 32);
  EXPECT_EQ(vector.worst(), TrustTier::warning);
  vector.set(TrustClaim::instance_identity, -97);
  EXPECT_EQ(vector.worst(), TrustTier::contraindicated);
  vector.set(TrustClaim::hardware, 3);
  EXPECT_EQ(vector.worst(), TrustTier::contraindicated);
}

TEST(TrustVector, labels_read_back_and_others_do_not) {
  for (const auto tier :
       {TrustTier::none, TrustTier::affirming, TrustTier::warning, TrustTier::contraindicated})
    EXPECT_EQ(trust_tier(to_string(tier)), tier);
  EXPECT_FALSE(trust_tier("Affirming").has_value());
  EXPECT_FALSE(trust_tier("").has_value());
  EXPECT_EQ(to_string(TrustClaim::instance_identity), "instance-identity");
  EXPECT_EQ(to_string(TrustClaim::sourced_data), "sourced-data");
}

}  // namespace
}  // namespace vedette::attestation
