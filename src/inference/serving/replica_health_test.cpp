#include "inference/serving/replica_health.h"

#include <gtest/gtest.h>

namespace vedette::inference::serving {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kNow{seconds(1000)};
constexpr HealthPolicy kPolicy;

ReplicaHealth running() {
  ReplicaHealth health(kPolicy);
  health.started(kNow);
  return health;
}

TEST(HealthRules, NothingLeadsOutOfQuarantine) {
  for (const HealthRule& rule : kHealthRules)
    EXPECT_NE(rule.from, HealthState::quarantined);
}

TEST(HealthRules, EveryOtherStateEndsInQuarantineAtAViolationOrALoop) {
  for (const auto state : {HealthState::starting, HealthState::running, HealthState::backing_off}) {
    EXPECT_EQ(next_state(state, HealthEvent::violated), HealthState::quarantined);
    EXPECT_EQ(next_state(state, HealthEvent::looped), HealthState::quarantined);
  }
}

TEST(HealthRules, AStateAndAnEventHaveOneRow) {
  for (const HealthRule& rule : kHealthRules)
    EXPECT_EQ(next_state(rule.from, rule.event), rule.to);
  EXPECT_EQ(next_state(HealthState::running, HealthEvent::started), std::nullopt);
  EXPECT_EQ(next_state(HealthState::backing_off, HealthEvent::started), std::nullopt);
}

TEST(ReplicaHealth, AQuarantinedReplicaStaysDead) {
  ReplicaHealth health = running();
  health.quarantine(Death::violation);
  health.due();
  health.started(kNow);
  health.died(kNow, 0);
  EXPECT_EQ(health.state(), HealthState::quarantined);
}

TEST(ReplicaHealth, ADeadReplicaRunsOnlyAfterItsPause) {
  ReplicaHealth health = running();
  health.died(kNow, 0);
  EXPECT_EQ(health.state(), HealthState::backing_off);
  EXPECT_EQ(health.due_at(), kNow + seconds(1));
  health.started(kNow);
  EXPECT_EQ(health.state(), HealthState::backing_off);
  health.due();
  EXPECT_EQ(health.state(), HealthState::starting);
  health.started(kNow);
  EXPECT_EQ(health.state(), HealthState::running);
}

TEST(ReplicaHealth, AFailedStartBacksOffToo) {
  ReplicaHealth health(kPolicy);
  health.died(kNow, 0);
  EXPECT_EQ(health.state(), HealthState::backing_off);
}

TEST(ReplicaHealth, DeathsInARowDoubleThePause) {
  ReplicaHealth health = running();
  SteadyTime now = kNow;
  for (const int pause : {1, 2, 4, 8, 16, 32, 60, 60}) {
    health.died(now, 0);
    EXPECT_EQ(health.due_at() - now, seconds(pause));
    now = health.due_at();
    health.due();
    health.started(now);
  }
}

TEST(ReplicaHealth, AStableLifeEndsTheRow) {
  ReplicaHealth health = running();
  health.died(kNow, 0);
  health.due();
  health.started(kNow);
  health.died(kNow + kPolicy.stable - milliseconds(1), 0);
  EXPECT_EQ(health.deaths_in_row(), 2U);
  health.due();
  health.started(kNow);
  health.died(kNow + kPolicy.stable, 0);
  EXPECT_EQ(health.deaths_in_row(), 1U);
}

TEST(BackOff, JitterAddsAtMostAQuarter) {
  for (const std::uint32_t random : {0U, 1U, 7'777U, 0x7fff'ffffU, 0xffff'ffffU}) {
    EXPECT_GE(back_off(kPolicy, 3, random), seconds(4));
    EXPECT_LE(back_off(kPolicy, 3, random), seconds(5));
  }
  EXPECT_NE(back_off(kPolicy, 3, 1), back_off(kPolicy, 3, 500));
}

TEST(BackOff, IsBoundedHoweverOftenItDied) {
  EXPECT_EQ(back_off(kPolicy, 4'000'000'000U, 0), seconds(60));
}

TEST(DeathWindow, TheFifthDeathWithinTenMinutesIsALoop) {
  DeathWindow window(kPolicy);
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(window.record(kNow + minutes(2 * i)));
  EXPECT_TRUE(window.record(kNow + minutes(10) - milliseconds(1)));
}

TEST(DeathWindow, DeathsOfLongAgoDoNotCount) {
  DeathWindow window(kPolicy);
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(window.record(kNow + milliseconds(150'000 * i)));
}

TEST(DeathKinds, AreReadFromTheCode) {
  const auto death = [](std::string_view code) { return death_of(refuse(code, "m").error()); };
  EXPECT_EQ(death("SBX-SYSCALL-DENIED"), Death::violation);
  EXPECT_EQ(death("SBX-REPLY"), Death::violation);
  EXPECT_EQ(death("SBX-DEADLINE"), Death::deadline);
  EXPECT_EQ(death("SBX-MEMORY"), Death::memory);
  EXPECT_EQ(death("SBX-WORKER-DIED"), Death::crash);
  EXPECT_EQ(death("INF-LOAD"), Death::crash);
}

TEST(DeathKinds, ARefusedCallEndsNoReplica) {
  EXPECT_FALSE(ends_replica(refuse("INF-SHAPE", "m").error()));
  EXPECT_FALSE(ends_replica(refuse("SBX-REQUEST-SIZE", "m").error()));
  EXPECT_TRUE(ends_replica(refuse("SBX-REPLY", "m").error()));
  EXPECT_TRUE(ends_replica(refuse("SBX-WORKER-DIED", "m").error()));
}

}  // namespace
}  // namespace vedette::inference::serving
