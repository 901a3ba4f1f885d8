#include "inference/serving/model_server.h"

#include <thread>

#include "testing/model_server_scene.h"

namespace vedette::inference::serving {
namespace {

class ModelServerTest : public ServerScene {};

TEST_F(ModelServerTest, RefusesSettingsOutOfBounds) {
  const auto refuses = [this](auto change) {
    ServerSettings settings;
    change(settings);
    const auto started = ModelServer::start(settings, parts());
    return !started && started.error().code == "SRV-SETTINGS";
  };
  EXPECT_TRUE(refuses([](ServerSettings& s) { s.replicas = 0; }));
  EXPECT_TRUE(refuses([](ServerSettings& s) { s.replicas = kMaxReplicas + 1; }));
  EXPECT_TRUE(refuses([](ServerSettings& s) { s.max_waiting = kMaxWaiting + 1; }));
  EXPECT_TRUE(refuses([](ServerSettings& s) { s.max_deadline = microseconds(0); }));
  EXPECT_TRUE(refuses([](ServerSettings& s) { s.batch.max_rows = 0; }));
  EXPECT_TRUE(refuses([](ServerSettings& s) { s.health.max_deaths = 0; }));
  EXPECT_EQ(fleet_.starts(), 0);
}

TEST_F(ModelServerTest, RefusesAModelWhoseReplicaDoesNotStart) {
  fleet_.refuse_starts("INF-LOAD");
  settings_.replicas = 2;
  const auto started = ModelServer::start(settings_, parts());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, "INF-LOAD");
}

TEST_F(ModelServerTest, RefusesACallAtOnceWhenTheQueueIsFull) {
  settings_.max_waiting = 1;
  start();
  fleet_.shut_gate();
  auto running = infer_elsewhere(1);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  auto waiting = infer_elsewhere(2);
  ASSERT_TRUE(wait_for_depth(1));
  EXPECT_EQ(code_of(infer(3)), "SRV-QUEUE-FULL");
  EXPECT_EQ(code_of(post(4).get()), "SRV-QUEUE-FULL");
  fleet_.open_gate();
  EXPECT_EQ(code_of(running.get()), "answered");
  EXPECT_EQ(code_of(waiting.get()), "answered");
  EXPECT_EQ(server_->stats().count(Outcome::queue_full), 2U);
}

TEST_F(ModelServerTest, ACallWhoseDeadlinePassesInTheQueueTouchesNoWorker) {
  start();
  fleet_.shut_gate();
  auto running = infer_elsewhere(1);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  auto blocked = infer_elsewhere(2, milliseconds(50));
  auto posted = post(3, milliseconds(50));
  ASSERT_TRUE(wait_for_depth(2));
  clock_.advance(milliseconds(51));
  EXPECT_EQ(code_of(blocked.get()), "SRV-DEADLINE");
  fleet_.open_gate();
  EXPECT_EQ(code_of(posted.get()), "SRV-DEADLINE");
  EXPECT_EQ(code_of(running.get()), "answered");
  EXPECT_EQ(fleet_.seen().size(), 1U);
}

TEST_F(ModelServerTest, ACallWithoutAnyTimeTouchesNoWorker) {
  start();
  EXPECT_EQ(code_of(infer(1, microseconds(0))), "SRV-DEADLINE");
  EXPECT_EQ(code_of(infer(1, microseconds(-1))), "SRV-DEADLINE");
  EXPECT_TRUE(fleet_.seen().empty());
}

TEST_F(ModelServerTest, AnExpiredCallFreesItsPlace) {
  settings_.max_waiting = 1;
  start();
  fleet_.shut_gate();
  auto running = infer_elsewhere(1);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  auto expired = post(2, milliseconds(10));
  clock_.advance(milliseconds(11));
  auto next = post(3);
  EXPECT_EQ(code_of(expired.get()), "SRV-DEADLINE");
  fleet_.open_gate();
  EXPECT_EQ(code_of(next.get()), "answered");
  EXPECT_EQ(code_of(running.get()), "answered");
}

TEST_F(ModelServerTest, TheWorkerGetsWhatIsLeftOfTheDeadline) {
  start();
  EXPECT_EQ(code_of(infer(1, milliseconds(500))), "answered");
  EXPECT_EQ(fleet_.seen()[0].deadline, milliseconds(500));
  fleet_.shut_gate();
  auto running = infer_elsewhere(1);
  ASSERT_TRUE(fleet_.wait_for_entered(2));
  auto waiting = infer_elsewhere(2, milliseconds(500));
  ASSERT_TRUE(wait_for_depth(1));
  clock_.advance(milliseconds(200));
  fleet_.open_gate();
  EXPECT_EQ(code_of(waiting.get()), "answered");
  EXPECT_EQ(fleet_.seen()[2].deadline, milliseconds(300));
  EXPECT_EQ(code_of(running.get()), "answered");
}

TEST_F(ModelServerTest, ACallersDeadlineIsCapped) {
  settings_.max_deadline = milliseconds(100);
  start();
  EXPECT_EQ(code_of(infer(1, std::chrono::hours(9))), "answered");
  EXPECT_EQ(fleet_.seen()[0].deadline, milliseconds(100));
}

TEST_F(ModelServerTest, AHurriedCallerCannotHaveAWorkerKilled) {
  settings_.min_patience = milliseconds(20);
  start();
  fleet_.reply_with([this](std::span<const TensorView> inputs) {
    clock_.advance(milliseconds(2));
    return plus_one(inputs);
  });
  EXPECT_EQ(code_of(infer(1, milliseconds(1))), "SRV-DEADLINE");
  EXPECT_EQ(fleet_.seen()[0].deadline, milliseconds(20));
  EXPECT_EQ(fleet_.kills(), 0);
}

TEST_F(ModelServerTest, ACallCancelledInTheQueueTouchesNoWorker) {
  start();
  fleet_.shut_gate();
  auto running = infer_elsewhere(1);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  PostedCall call;
  auto cancelled = post(2, kLong, &call);
  EXPECT_TRUE(call.cancel());
  EXPECT_EQ(code_of(cancelled.get()), "SRV-CANCELLED");
  EXPECT_FALSE(call.cancel());
  fleet_.open_gate();
  EXPECT_EQ(code_of(running.get()), "answered");
  EXPECT_EQ(fleet_.seen().size(), 1U);
}

TEST_F(ModelServerTest, ACallCancelledWhileItRunsIsAnsweredAtOnceAndItsWorkerLives) {
  start();
  fleet_.shut_gate();
  PostedCall call;
  auto cancelled = post(1, kLong, &call);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  EXPECT_TRUE(call.cancel());
  EXPECT_EQ(code_of(cancelled.get()), "SRV-CANCELLED");
  fleet_.open_gate();
  EXPECT_EQ(code_of(infer(2)), "answered");
  EXPECT_EQ(fleet_.kills(), 0);
  EXPECT_EQ(server_->stats().count(Outcome::cancelled), 1U);
  EXPECT_EQ(server_->stats().count(Outcome::answered), 1U);
}

TEST_F(ModelServerTest, AnAnsweredCallCannotBeCancelled) {
  start();
  PostedCall call;
  EXPECT_EQ(code_of(post(1, kLong, &call).get()), "answered");
  EXPECT_FALSE(call.cancel());
  server_.reset();
  EXPECT_FALSE(call.cancel());
  EXPECT_FALSE(PostedCall().cancel());
}

TEST_F(ModelServerTest, AModelsRefusalReachesTheCallerAndItsWorkerLives) {
  start();
  fleet_.refuse_with("INF-MODEL");
  EXPECT_EQ(code_of(infer(1)), "INF-MODEL");
  fleet_.reply_with(plus_one);
  EXPECT_EQ(code_of(infer(1)), "answered");
  EXPECT_EQ(fleet_.starts(), 1);
}

TEST_F(ModelServerTest, AnIdleReplicaIsUsedByTheCallersThread) {
  start();
  std::thread::id worker_thread;
  fleet_.reply_with([&](std::span<const TensorView> inputs) {
    worker_thread = std::this_thread::get_id();
    return plus_one(inputs);
  });
  EXPECT_EQ(infer(41).value()[0].data, Bytes{42});
  EXPECT_EQ(worker_thread, std::this_thread::get_id());
}

TEST_F(ModelServerTest, WhoWaitsIsServedInOrderOfArrival) {
  start();
  fleet_.shut_gate();
  auto running = post(0);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  std::vector<std::future<Answer>> waiting;
  for (std::uint8_t i = 1; i <= 5; ++i)
    waiting.push_back(post(i));
  fleet_.open_gate();
  for (auto& answer : waiting)
    EXPECT_EQ(code_of(answer.get()), "answered");
  for (std::uint8_t i = 1; i <= 5; ++i)
    EXPECT_EQ(fleet_.seen()[i].inputs, row(i));
}

TEST_F(ModelServerTest, ReplicasWorkAtTheSameTime) {
  settings_.replicas = 3;
  start();
  fleet_.shut_gate();
  std::vector<std::future<Answer>> calls;
  calls.push_back(post(1));
  calls.push_back(infer_elsewhere(2));
  calls.push_back(post(3));
  EXPECT_TRUE(fleet_.wait_for_entered(3));
  EXPECT_EQ(server_->stats().running, 3U);
  fleet_.open_gate();
  for (auto& call : calls)
    EXPECT_EQ(code_of(call.get()), "answered");
}

TEST_F(ModelServerTest, CloseRefusesCallsThatWaitAndCallsThatRun) {
  start();
  fleet_.shut_gate();
  auto running = infer_elsewhere(1);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  auto waiting = infer_elsewhere(2);
  auto posted = post(3);
  ASSERT_TRUE(wait_for_depth(2));
  server_->close({"SRV-WITHDRAWN", "trust has ended", "", ""});
  EXPECT_EQ(code_of(running.get()), "SRV-WITHDRAWN");
  EXPECT_EQ(code_of(waiting.get()), "SRV-WITHDRAWN");
  EXPECT_EQ(code_of(posted.get()), "SRV-WITHDRAWN");
  EXPECT_EQ(code_of(infer(4)), "SRV-WITHDRAWN");
  EXPECT_EQ(fleet_.seen().size(), 1U);
  EXPECT_FALSE(server_->ready());
}

TEST_F(ModelServerTest, AnAnswerThatComesAfterCloseIsRefused) {
  start();
  fleet_.reply_with([this](std::span<const TensorView> inputs) {
    server_->close({"SRV-WITHDRAWN", "trust has ended", "", ""});
    return plus_one(inputs);
  });
  EXPECT_EQ(code_of(infer(1)), "SRV-WITHDRAWN");
}

TEST_F(ModelServerTest, ACallThatThrowsDoesNotKeepItsReplica) {
  start();
  fleet_.reply_with([](std::span<const TensorView>) -> Answer { throw std::bad_alloc(); });
  EXPECT_THROW((void)infer(1), std::bad_alloc);
  EXPECT_TRUE(fleet_.wait_for_gone(1));
  EXPECT_EQ(code_of(infer(2)), "SRV-RESTARTING");
}

TEST_F(ModelServerTest, ManyThreadsGetTheirOwnAnswers) {
  settings_.replicas = 2;
  settings_.batch.max_rows = 4;
  start();
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const auto value = static_cast<std::uint8_t>(t * 31 + i);
          const auto expected = static_cast<std::uint8_t>(value + 1);
          auto answer = i % 3 == 0 ? post(value).get() : infer(value);
          right += answer && (*answer)[0].data == Bytes{expected} ? 1 : 0;
        }
      });
  }
  EXPECT_EQ(right, 1600);
  EXPECT_EQ(server_->stats().count(Outcome::answered), 1600U);
  EXPECT_EQ(server_->stats().latency.total(), 1600U);
}

}  // namespace
}  // namespace vedette::inference::serving
