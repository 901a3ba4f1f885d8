#include "agent/renewal_plan.h"

#include <gtest/gtest.h>

#include "agent/enrollment.h"

namespace vedette::agent {
namespace {

using identity::CertificateLife;
using identity::RenewalAdvice;
using identity::RenewalWindow;

constexpr TimePoint kBegin{};
constexpr CertificateLife kLife{kBegin, kBegin + std::chrono::hours(1)};
const RenewalAdvice kAdvice{
    RenewalWindow{kBegin + std::chrono::minutes(31), kBegin + std::chrono::minutes(33)},
    std::chrono::minutes(5)};

class RenewalPlanTest : public ::testing::Test {
 protected:
  RenewalPlanTest() { plan_.begin(kLife, kBegin, 0.5); }

  static Result<RenewalAdvice> refused(const char* code) { return refuse(code, "no"); }

  RenewalPlan plan_;
};

TEST_F(RenewalPlanTest, AForgedStaleOrForeignWordBringsTheOwnRuleBack) {
  for (const char* code : {"JWS-SIGNATURE", "RENEW-STALE", "RENEW-AUDIENCE", "RENEW-CERTIFICATE",
                           "RENEW-WINDOW", "CERT-UNTRUSTED", "HTTP-NOT-FOUND"}) {
    plan_.advised(kAdvice, kBegin);
    plan_.advised(refused(code), kBegin + std::chrono::minutes(1));
    EXPECT_EQ(plan_.at(), kBegin + std::chrono::minutes(40)) << code;
  }
}

TEST_F(RenewalPlanTest, AServerThatIsAwayDoesNotChangeThePlan) {
  plan_.advised(kAdvice, kBegin);
  plan_.advised(refused("NET-TIMEOUT"), kBegin + std::chrono::minutes(1));
  EXPECT_EQ(plan_.at(), kBegin + std::chrono::minutes(32));
  EXPECT_FALSE(plan_.wonders(kBegin + std::chrono::minutes(5)));
  EXPECT_TRUE(plan_.wonders(kBegin + std::chrono::minutes(7)));
}

TEST_F(RenewalPlanTest, AskingAgainAndAgainDoesNotMoveIt) {
  for (int i = 0; i < 10; ++i) {
    plan_.advised(kAdvice, kBegin + i * std::chrono::minutes(1));
    EXPECT_EQ(plan_.at(), kBegin + std::chrono::minutes(32));
  }
}

TEST_F(RenewalPlanTest, WhatWasTriedIsNotPutOffByAdvice) {
  plan_.failed(kBegin + std::chrono::minutes(35), std::nullopt, 0.0);
  const TimePoint next = plan_.at();
  plan_.advised(RenewalAdvice{RenewalWindow{kBegin + std::chrono::minutes(48),
                                            kBegin + std::chrono::minutes(50)},
                              std::chrono::minutes(5)},
                kBegin + std::chrono::minutes(35));
  EXPECT_EQ(plan_.at(), next);
}

TEST_F(RenewalPlanTest, TheServersRetryAfterIsHonouredButNotBeyondTheFloor) {
  plan_.failed(kBegin + std::chrono::minutes(35), std::chrono::seconds(120), 0.0);
  EXPECT_EQ(plan_.at(), kBegin + std::chrono::minutes(37));
  plan_.failed(kBegin + std::chrono::minutes(49), std::chrono::seconds(3600), 0.0);
  EXPECT_EQ(plan_.at(), kBegin + std::chrono::minutes(50));
  EXPECT_TRUE(plan_.due(kBegin + std::chrono::minutes(50)));
}

TEST_F(RenewalPlanTest, FollowsTheServersWindow) {
  EXPECT_TRUE(plan_.wonders(kBegin));
  plan_.advised(kAdvice, kBegin);
  EXPECT_FALSE(plan_.due(kBegin + std::chrono::minutes(31)));
  EXPECT_TRUE(plan_.due(kBegin + std::chrono::minutes(32)));
}

TEST(RetryAfter, RefusesWhatIsNoNumberOfSecondsAndHoldsTheRestToAnHour) {
  const auto of = [](const char* value) {
    platform::HttpResponse response;
    response.headers = {{"retry-after", value}};
    return retry_after(response);
  };
  for (const char* bad : {"", "-1", "5s", " 5", "Fri, 31 Dec 1999 23:59:59 GMT", "99999999999"})
    EXPECT_FALSE(of(bad).has_value()) << bad;
  EXPECT_FALSE(retry_after({}).has_value());
  EXPECT_EQ(of("7"), Duration(std::chrono::seconds(7)));
  EXPECT_EQ(of("999999"), Duration(std::chrono::hours(1)));
}

}  // namespace
}  // namespace vedette::agent
