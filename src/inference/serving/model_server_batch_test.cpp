#include <algorithm>

#include "testing/model_server_scene.h"

namespace vedette::inference::serving {
namespace {

class ServerBatches : public ServerScene {
 protected:
  ServerBatches() { settings_.batch.max_rows = 4; }

  // One call at the shut gate, and `count` that wait behind it, of values from 1.
  std::vector<std::future<Answer>> queue_up(std::uint8_t count) {
    fleet_.shut_gate();
    std::vector<std::future<Answer>> calls;
    calls.push_back(post(0));
    EXPECT_TRUE(fleet_.wait_for_entered(1));
    for (std::uint8_t i = 1; i <= count; ++i)
      calls.push_back(post(i));
    return calls;
  }
};

TEST_F(ServerBatches, AnAnswerWithOtherRowsIsRefusedToAll) {
  start();
  auto calls = queue_up(3);
  fleet_.reply_with([](std::span<const TensorView>) { return row(1, 2); });
  fleet_.open_gate();
  EXPECT_EQ(code_of(calls[0].get()), "answered");
  for (std::size_t i = 1; i < calls.size(); ++i)
    EXPECT_EQ(code_of(calls[i].get()), "SRV-BATCH");
  EXPECT_EQ(fleet_.kills(), 0);
}

TEST_F(ServerBatches, OneMembersBadValuesDoNotCostTheOthersTheirAnswers) {
  start();
  auto calls = queue_up(3);
  fleet_.reply_with([](std::span<const TensorView> inputs) -> Answer {
    if (std::ranges::find(inputs[0].data, 2) != inputs[0].data.end())
      return refuse("INF-MODEL", "not a two");
    return plus_one(inputs);
  });
  fleet_.open_gate();
  EXPECT_EQ(calls[1].get().value()[0].data, Bytes{2});
  EXPECT_EQ(code_of(calls[2].get()), "INF-MODEL");
  EXPECT_EQ(calls[3].get().value()[0].data, Bytes{4});
}

TEST_F(ServerBatches, ABatchThatKillsItsReplicaIsRefusedToAll) {
  start();
  auto calls = queue_up(3);
  fleet_.let_pass(1);
  EXPECT_EQ(code_of(calls[0].get()), "answered");
  ASSERT_TRUE(fleet_.wait_for_entered(2));
  fleet_.refuse_with("SBX-MEMORY");
  fleet_.open_gate();
  for (std::size_t i = 1; i < calls.size(); ++i)
    EXPECT_EQ(code_of(calls[i].get()), "SBX-MEMORY");
  EXPECT_EQ(server_->stats().count(Death::memory), 1U);
}

TEST_F(ServerBatches, WhoWaitsIsJoined) {
  start();
  auto calls = queue_up(6);
  fleet_.open_gate();
  for (std::size_t i = 0; i < calls.size(); ++i)
    EXPECT_EQ(calls[i].get().value()[0].data, Bytes{static_cast<std::uint8_t>(i + 1)});
  const auto seen = fleet_.seen();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[1].inputs[0].data, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(seen[2].inputs[0].data, (Bytes{5, 6}));
  const auto stats = server_->stats();
  EXPECT_EQ(stats.batches.total(), 3U);
  EXPECT_EQ(stats.batches.sum(), 7U);
}

TEST_F(ServerBatches, AModelWithFixedRowsIsNeverJoined) {
  fleet_.declare(
      {.inputs = {{"x", DataType::uint8, {1, 1}}}, .outputs = {{"y", DataType::uint8, {-1, 1}}}});
  start();
  auto calls = queue_up(3);
  fleet_.open_gate();
  for (auto& call : calls)
    EXPECT_EQ(code_of(call.get()), "answered");
  EXPECT_EQ(fleet_.seen().size(), 4U);
}

TEST_F(ServerBatches, ABatchHasTheDeadlineOfItsMostPatientMember) {
  start();
  fleet_.shut_gate();
  auto running = post(0);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  auto hurried = post(1, milliseconds(100));
  auto patient = post(2, milliseconds(900));
  fleet_.let_pass(1);
  ASSERT_TRUE(fleet_.wait_for_entered(2));
  clock_.advance(milliseconds(101));
  fleet_.open_gate();
  EXPECT_EQ(code_of(hurried.get()), "SRV-DEADLINE");
  EXPECT_EQ(code_of(patient.get()), "answered");
  EXPECT_EQ(fleet_.seen()[1].deadline, milliseconds(900));
  EXPECT_EQ(code_of(running.get()), "answered");
}

TEST_F(ServerBatches, AMemberThatIsCancelledDoesNotHarmTheBatch) {
  start();
  fleet_.shut_gate();
  auto running = post(0);
  ASSERT_TRUE(fleet_.wait_for_entered(1));
  PostedCall call;
  auto cancelled = post(1, kLong, &call);
  auto other = post(2);
  fleet_.let_pass(1);
  ASSERT_TRUE(fleet_.wait_for_entered(2));
  EXPECT_TRUE(call.cancel());
  fleet_.open_gate();
  EXPECT_EQ(code_of(cancelled.get()), "SRV-CANCELLED");
  EXPECT_EQ(other.get().value()[0].data, Bytes{3});
  EXPECT_EQ(code_of(running.get()), "answered");
}

TEST_F(ServerBatches, ALoneCallWaitsForCompanyOnlyWhereADelayIsSet) {
  settings_.max_delay = milliseconds(3);
  start();
  auto alone = post(1);
  EXPECT_TRUE(fleet_.seen().empty());
  clock_.advance(milliseconds(3));
  EXPECT_EQ(code_of(alone.get()), "answered");
  EXPECT_EQ(fleet_.seen().size(), 1U);
}

TEST_F(ServerBatches, AFullBatchDoesNotWaitOutTheDelay) {
  settings_.max_delay = seconds(1);
  settings_.replicas = 2;
  start();
  std::vector<std::future<Answer>> calls;
  for (std::uint8_t i = 0; i < 4; ++i)
    calls.push_back(infer_elsewhere(i));
  for (auto& call : calls)
    EXPECT_EQ(code_of(call.get()), "answered");
  ASSERT_EQ(fleet_.seen().size(), 1U);
  EXPECT_EQ(fleet_.seen()[0].inputs[0].shape[0], 4);
}

}  // namespace
}  // namespace vedette::inference::serving
