#include "agent/trust_state.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace vedette::agent {
namespace {

using std::chrono::seconds;

Verdict verdict(const FakeClock& clock) {
  return {.device = *DeviceId::parse("drone"),
          .ear = "token",
          .expires_at = clock.now() + seconds(30),
          .attest_again_at = clock.now() + seconds(10),
          .epoch = {}};
}

TEST(TrustState, IsUntrustedUntilAVerdictComes) {
  const FakeClock clock;
  const TrustState trust(clock);
  EXPECT_EQ(trust.current().error().code, "AGT-NOT-ATTESTED");
}

TEST(TrustState, EndsWithTheVerdictToTheMillisecond) {
  FakeClock clock;
  TrustState trust(clock);
  trust.believe(verdict(clock));
  clock.advance(seconds(30) - std::chrono::milliseconds(1));
  EXPECT_TRUE(trust.current().has_value());
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(trust.current().error().code, "AGT-NOT-ATTESTED");
}

TEST(TrustState, TellsWhyTrustWasWithdrawn) {
  FakeClock clock;
  TrustState trust(clock);
  trust.believe(verdict(clock));
  trust.withdraw({"ATT-PCR-MISMATCH", "PCR 4 is another", "", ""});
  const auto current = trust.current();
  ASSERT_FALSE(current.has_value());
  EXPECT_NE(current.error().cause.find("ATT-PCR-MISMATCH"), std::string::npos);
}

}  // namespace
}  // namespace vedette::agent
