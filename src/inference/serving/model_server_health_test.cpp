#include <algorithm>

#include "inference/serving/retry_after.h"
#include "testing/model_server_scene.h"

namespace vedette::inference::serving {
namespace {

class ServerHealth : public ServerScene {
 protected:
  // Past any back-off's jitter.
  void wait_out_back_off() { clock_.advance(seconds(75)); }
};

TEST_F(ServerHealth, AViolationQuarantinesTheReleaseForGood) {
  settings_.replicas = 2;
  start();
  fleet_.refuse_with("SBX-SYSCALL-DENIED");
  EXPECT_EQ(code_of(infer(1)), "SBX-SYSCALL-DENIED");
  fleet_.reply_with(plus_one);
  const auto refused = infer(2);
  EXPECT_EQ(code_of(refused), "SRV-QUARANTINED");
  EXPECT_NE(refused.error().cause.find("SBX-SYSCALL-DENIED"), std::string::npos);
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_EQ(quarantine_.get_future().get(), refused.error());
  EXPECT_TRUE(fleet_.wait_for_gone(2));
  wait_out_back_off();
  EXPECT_EQ(code_of(infer(3)), "SRV-QUARANTINED");
  EXPECT_EQ(fleet_.starts(), 2);
  EXPECT_TRUE(wait_for_state(HealthState::quarantined));
}

TEST_F(ServerHealth, AMalformedReplyIsAViolation) {
  start();
  fleet_.refuse_with("SBX-REPLY");
  EXPECT_EQ(code_of(post(1).get()), "SBX-REPLY");
  EXPECT_EQ(code_of(infer(2)), "SRV-QUARANTINED");
}

TEST_F(ServerHealth, AViolationEndsTheCallsOfTheOtherReplicas) {
  settings_.replicas = 2;
  start();
  fleet_.shut_gate();
  auto first = infer_elsewhere(1);
  auto second = infer_elsewhere(2);
  ASSERT_TRUE(fleet_.wait_for_entered(2));
  auto waiting = infer_elsewhere(3);
  ASSERT_TRUE(wait_for_depth(1));
  fleet_.refuse_with("SBX-SYSCALL-DENIED");
  fleet_.let_pass(1);
  std::vector<std::string> codes{code_of(first.get()), code_of(second.get()),
                                 code_of(waiting.get())};
  std::ranges::sort(codes);
  EXPECT_EQ(codes,
            (std::vector<std::string>{"SBX-SYSCALL-DENIED", "SRV-QUARANTINED", "SRV-QUARANTINED"}));
}

TEST_F(ServerHealth, AReleaseInQuarantineIsNotStarted) {
  auto parts = this->parts();
  parts.quarantined = Error{"SBX-SYSCALL-DENIED", "socket", "", ""};
  server_ = ModelServer::start(settings_, std::move(parts)).value();
  const auto refused = infer(1);
  EXPECT_EQ(code_of(refused), "SRV-QUARANTINED");
  EXPECT_NE(refused.error().cause.find("socket"), std::string::npos);
  EXPECT_EQ(fleet_.starts(), 0);
  EXPECT_FALSE(server_->ready());
}

TEST_F(ServerHealth, ACrashLoopEndsInQuarantine) {
  start();
  fleet_.refuse_with("SBX-WORKER-DIED");
  for (int death = 1; death <= 5; ++death) {
    ASSERT_TRUE(fleet_.wait_for_starts(death));
    ASSERT_TRUE(wait_for_state(HealthState::running));
    EXPECT_EQ(code_of(infer(1)), "SBX-WORKER-DIED");
    if (death < 5) {
      EXPECT_EQ(code_of(infer(1)), "SRV-RESTARTING");
    }
    wait_out_back_off();
  }
  EXPECT_EQ(code_of(infer(1)), "SRV-QUARANTINED");
  EXPECT_EQ(quarantine_.get_future().get().code, "SRV-QUARANTINED");
  EXPECT_EQ(fleet_.starts(), 5);
  EXPECT_EQ(server_->stats().count(Death::crash), 5U);
}

TEST_F(ServerHealth, ARestartThatKeepsFailingEndsInQuarantine) {
  start();
  fleet_.refuse_with("SBX-WORKER-DIED");
  fleet_.refuse_starts("SBX-SPAWN");
  EXPECT_EQ(code_of(infer(1)), "SBX-WORKER-DIED");
  for (int failed = 1; failed <= 4; ++failed) {
    ASSERT_TRUE(wait_for_state(HealthState::backing_off));
    wait_out_back_off();
    ASSERT_TRUE(fleet_.wait_for_starts(1 + failed));
    ASSERT_TRUE(eventually([failed](const ServingStats& stats) {
      return stats.count(Death::crash) == static_cast<std::uint64_t>(1 + failed);
    }));
  }
  EXPECT_EQ(code_of(infer(1)), "SRV-QUARANTINED");
}

TEST_F(ServerHealth, WhileAllReplicasAreDownCallsAreRefusedWithATimeToComeBack) {
  start();
  fleet_.refuse_with("SBX-DEADLINE");
  EXPECT_EQ(code_of(infer(1)), "SBX-DEADLINE");
  fleet_.reply_with(plus_one);
  const auto refused = infer(2);
  EXPECT_EQ(code_of(refused), "SRV-RESTARTING");
  const auto wait = retry_after(refused.error());
  ASSERT_TRUE(wait);
  EXPECT_GE(*wait, seconds(1));
  EXPECT_LE(*wait, milliseconds(1250));
  EXPECT_EQ(fleet_.starts(), 1);
  clock_.advance(*wait);
  ASSERT_TRUE(fleet_.wait_for_starts(2));
  ASSERT_TRUE(wait_for_state(HealthState::running));
  EXPECT_EQ(code_of(infer(3)), "answered");
}

TEST_F(ServerHealth, WhoWaitsIsRefusedWhenTheLastReplicaDies) {
  start();
  fleet_.shut_gate();
  auto running = infer_elsewhere(1);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  auto waiting = infer_elsewhere(2);
  auto posted = post(3);
  ASSERT_TRUE(wait_for_depth(2));
  fleet_.refuse_with("SBX-WORKER-DIED");
  fleet_.open_gate();
  EXPECT_EQ(code_of(running.get()), "SBX-WORKER-DIED");
  EXPECT_EQ(code_of(waiting.get()), "SRV-RESTARTING");
  EXPECT_EQ(code_of(posted.get()), "SRV-RESTARTING");
}

TEST_F(ServerHealth, OneDeathLeavesTheOtherReplicaToServe) {
  settings_.replicas = 2;
  start();
  fleet_.refuse_with("SBX-MEMORY");
  EXPECT_EQ(code_of(infer(1)), "SBX-MEMORY");
  fleet_.reply_with(plus_one);
  EXPECT_EQ(code_of(infer(2)), "answered");
  EXPECT_EQ(code_of(post(3).get()), "answered");
  EXPECT_TRUE(server_->ready());
}

TEST_F(ServerHealth, AReplicaThatDiesIdleIsNoticed) {
  start();
  fleet_.die_idle();
  clock_.advance(settings_.probe_interval);
  ASSERT_TRUE(fleet_.wait_for_gone(1));
  EXPECT_EQ(code_of(infer(1)), "SRV-RESTARTING");
}

TEST_F(ServerHealth, AReplicaThatDeclaresAnotherModelIsAViolation) {
  start();
  fleet_.refuse_with("SBX-WORKER-DIED");
  EXPECT_EQ(code_of(infer(1)), "SBX-WORKER-DIED");
  fleet_.declare({});
  wait_out_back_off();
  ASSERT_TRUE(wait_for_state(HealthState::quarantined));
  EXPECT_EQ(code_of(infer(2)), "SRV-QUARANTINED");
}

TEST_F(ServerHealth, KilledWhileItBacksOffItEnds) {
  start();
  fleet_.refuse_with("SBX-WORKER-DIED");
  EXPECT_EQ(code_of(infer(1)), "SBX-WORKER-DIED");
  server_->close({"SRV-WITHDRAWN", "trust has ended", "", ""});
  wait_out_back_off();
  EXPECT_EQ(code_of(infer(1)), "SRV-WITHDRAWN");
  server_.reset();
  EXPECT_EQ(fleet_.starts(), 1);
}

TEST_F(ServerHealth, KilledWhileItStartsTheNewReplicaNeverAnswers) {
  start();
  fleet_.refuse_with("SBX-WORKER-DIED");
  EXPECT_EQ(code_of(infer(1)), "SBX-WORKER-DIED");
  fleet_.shut_starts();
  wait_out_back_off();
  ASSERT_TRUE(fleet_.wait_for_starts(2));
  server_->close({"SRV-WITHDRAWN", "trust has ended", "", ""});
  EXPECT_EQ(code_of(infer(1)), "SRV-WITHDRAWN");
  fleet_.open_starts();
  server_.reset();
  EXPECT_EQ(fleet_.gone(), 2);
}

TEST_F(ServerHealth, KilledWhileIdleItsReplicasEnd) {
  settings_.replicas = 3;
  start();
  server_->close({"SRV-WITHDRAWN", "trust has ended", "", ""});
  EXPECT_TRUE(fleet_.wait_for_gone(3));
  EXPECT_EQ(fleet_.kills(), 3);
}

}  // namespace
}  // namespace vedette::inference::serving
