// Group 12 of the attacks on identity: clocks, in virtual time.
#include "agent/guarded_clock.h"

#include <array>

#include <gtest/gtest.h>

#include "agent/trust_state.h"
#include "testing/fake_clock.h"

namespace vedette::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kYear = hours(8766);

class FakeBootTime final : public BootTime {
 public:
  [[nodiscard]] Duration now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  Duration now_ = seconds(10);
};

struct GuardedClockTest : testing::Test {
  // As a device is started whose operating system is wrong by so much.
  GuardedClock start(Duration wrong_by) {
    wall.set(truth + wrong_by);
    return GuardedClock(boot, wall);
  }
  void pass(Duration time) {
    boot.advance(time);
    wall.advance(time);
    truth += time;
  }
  static Verdict verdict(TimePoint expires_at) {
    return {.device = DeviceId::parse("drone").value(),
            .ear = "ear",
            .expires_at = expires_at,
            .attest_again_at = expires_at,
            .epoch = Epoch{1}};
  }

  TimePoint truth = from_unix_seconds(1'795'435'200);
  FakeBootTime boot;
  FakeClock wall;
};

struct StepRow {
  TimeStanding standing;
  TimeWord word;
  TimeStep step;
};

TEST_F(GuardedClockTest, FollowsThisTable) {
  using S = TimeStanding;
  using W = TimeWord;
  const std::array rows{
      StepRow{S::unknown, W::ahead, {S::told, true, false}},
      StepRow{S::unknown, W::little_back, {S::told, true, false}},
      StepRow{S::unknown, W::back, {S::told, true, false}},
      StepRow{S::floored, W::ahead, {S::told, true, false}},
      StepRow{S::floored, W::little_back, {S::told, false, false}},
      StepRow{S::floored, W::back, {S::floored, false, true}},
      StepRow{S::told, W::ahead, {S::told, true, false}},
      StepRow{S::told, W::little_back, {S::told, false, false}},
      StepRow{S::told, W::back, {S::told, false, true}},
  };
  for (const StepRow& row : rows) {
    const TimeStep step = next_time_step(row.standing, row.word);
    EXPECT_EQ(step.next, row.step.next) << name_of(row.standing) << int(row.word);
    EXPECT_EQ(step.set, row.step.set) << name_of(row.standing) << int(row.word);
    EXPECT_EQ(step.refused, row.step.refused) << name_of(row.standing) << int(row.word);
  }
}

TEST_F(GuardedClockTest, RefusesATimeThatHasPassed) {
  GuardedClock clock = start({});
  ASSERT_TRUE(clock.tell(truth, {}));
  pass(hours(2));
  EXPECT_EQ(clock.tell(truth - hours(1), {}).error().code, "TIME-BACK");
  EXPECT_EQ(clock.tell(truth - 5 * kYear, {}).error().code, "TIME-BACK");
  EXPECT_EQ(clock.now(), truth) << "and goes on as before";
  EXPECT_TRUE(clock.tell(truth - seconds(60), {}));
  EXPECT_EQ(clock.now(), truth) << "held, not set back";
}

TEST_F(GuardedClockTest, RefusesATimeBelowTheFloorOfAnEarlierBoot) {
  GuardedClock clock = start(-5 * kYear);
  clock.raise_to(truth - minutes(5));
  EXPECT_EQ(clock.standing(), TimeStanding::floored);
  EXPECT_EQ(clock.tell(truth - hours(1), {}).error().code, "TIME-BACK");
  EXPECT_EQ(clock.standing(), TimeStanding::floored);
  EXPECT_TRUE(clock.tell(truth, {}));
  EXPECT_EQ(clock.standing(), TimeStanding::told);
}

// However wrong the operating system's clock is, and whatever it does meanwhile.
TEST_F(GuardedClockTest, IsRightWhateverTheOperatingSystemSays) {
  for (const Duration wrong_by : {-5 * kYear, 10 * kYear, -57 * kYear, Duration(0)}) {
    GuardedClock clock = start(wrong_by);
    EXPECT_EQ(clock.standing(), TimeStanding::unknown);
    ASSERT_TRUE(clock.tell(truth, seconds(1)));
    EXPECT_EQ(clock.now(), truth + seconds(1)) << "the later end of what it may be";
    for (const Duration step : {Duration(hours(-3)), 10 * kYear, -10 * kYear}) {
      wall.advance(step);
      pass(minutes(10));
      EXPECT_EQ(clock.now(), truth + seconds(1));
    }
  }
}

TEST_F(GuardedClockTest, AFloorHoldsAgainstAnOperatingSystemTenYearsAhead) {
  GuardedClock clock = start(10 * kYear);
  clock.raise_to(truth);
  EXPECT_EQ(clock.now(), truth) << "what nobody signed counts for nothing";
  clock.raise_to(truth - hours(1));
  EXPECT_EQ(clock.now(), truth);
  pass(hours(1));
  EXPECT_EQ(clock.now(), truth);
}

TEST_F(GuardedClockTest, WhatNobodySignedHasNotPassed) {
  GuardedClock clock = start(10 * kYear);
  EXPECT_EQ(clock.passed(), TimePoint{});
  clock.raise_to(truth);
  pass(hours(1));
  EXPECT_EQ(clock.passed(), truth) << "the clock goes on where no word has come since";
}

// The models answer exactly as long as the verdict lasts: a clock that is set back does not prolong
// it, one that is set ahead does not end it.
TEST_F(GuardedClockTest, AVerdictLastsAsLongAsItIsWhateverIsSet) {
  for (const Duration step : {-5 * kYear, 10 * kYear, -kYear, kYear}) {
    GuardedClock clock = start({});
    ASSERT_TRUE(clock.tell(truth, {}));
    TrustState trust(clock);
    trust.believe(verdict(clock.now() + minutes(5)));
    wall.advance(step);
    pass(minutes(4));
    EXPECT_TRUE(trust.current().has_value()) << step.count();
    pass(minutes(1));
    EXPECT_EQ(trust.current().error().code, "AGT-NOT-ATTESTED") << step.count();
  }
}

TEST_F(GuardedClockTest, SleepCounts) {
  const SystemBootTime system;
  const Duration before = system.now();
  EXPECT_GE(system.now(), before);
  EXPECT_GT(before.count(), 0);
}

}  // namespace
}  // namespace vedette::agent
