#include <gtest/gtest.h>

#include "release/contract_samples.h"

namespace vedette::release {
namespace {

using samples::full_contract;

// Every difference as `member change text`.
std::vector<std::string> changes(const RuntimeContract& before, const RuntimeContract& after) {
  std::vector<std::string> lines;
  for (const Difference& one : differences(before, after))
    lines.push_back(one.member + " " + std::string(to_string(one.change)) + " " + one.text);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Widenings, NothingButNamedPowersFormatAndForeignOperatorsWidens) {
  RuntimeContract contract = full_contract();
  contract.powers.clear();
  EXPECT_EQ(widenings(contract), Lines{});
}

TEST(Widenings, EachIsASentence) {
  RuntimeContract contract;
  contract.powers = {Threads{4}, DeviceNode{"/dev/apex_0"}};
  contract.format = ModelFormat::ort;
  contract.operators = {{"", "Conv"}, {"com.microsoft", "FusedConv"}, {"com.microsoft", "Gelu"}};
  EXPECT_EQ(
      widenings(contract),
      (Lines{
          "it runs on 4 threads: the sandbox lets it make them while it loads",
          "it opens the device node /dev/apex_0: the sandbox lets it speak to that driver",
          "its model is in ORT format: what a converter made of the graph, not the graph itself",
          "it uses operators outside of ONNX's own domains, of com.microsoft: FusedConv, Gelu"}));
}

TEST(Widenings, ALongListOfOperatorsIsCountedAndNotRecited) {
  RuntimeContract contract;
  contract.operators.emplace();
  for (int i = 0; i < 100; ++i)
    contract.operators->push_back({"com.example", "Op" + std::to_string(i)});
  ASSERT_EQ(widenings(contract).size(), 1U);
  EXPECT_TRUE(widenings(contract).front().ends_with("Op7 and 92 more"));
}

TEST(DescribeContract, SaysWhatIsGrantedAndWhatIsWider) {
  const std::string text = describe(full_contract());
  for (const char* part :
       {"sandbox: the profile 'strict'\n", "private memory of a worker: at most 512 MiB\n",
        "workers at once: at most 2\n", "requests: each in a fork of its own\n",
        "operators: only Conv, ai.onnx.ml:Scaler\n",
        "input 'audio': FP32[1,-1], at least -1.0, at most 1.5, finite\n",
        "output 'speech': FP32[1,1], at least 0.0, NaN and infinity allowed, only for operator, "
        "svc_voice\n",
        "rate: at most 50 calls per second, bursts of 10\n",
        "batching: at most 8 calls in one run, after at most 500 us\n",
        "wider than the strictest: it runs on 4 threads"})
    EXPECT_TRUE(text.contains(part)) << part << "\n" << text;
  EXPECT_TRUE(describe(RuntimeContract{}).ends_with("wider than the strictest: in nothing\n"));
}

TEST(Differences, OfTheSameContractAreNone) {
  EXPECT_EQ(changes(full_contract(), full_contract()), Lines{});
}

TEST(Differences, MoreIsWiderAndLessIsTighter) {
  RuntimeContract before;
  RuntimeContract after;
  after.memory_bytes *= 2;
  after.call_deadline_ms = 500;
  after.request_bytes = 1500;
  after.spin_us = 20;
  EXPECT_EQ(
      changes(before, after),
      (Lines{"memory_bytes wider 256 MiB -> 512 MiB", "call_deadline_ms tighter 1000 ms -> 500 ms",
             "request_bytes tighter 1 MiB -> 1500 bytes", "spin_us wider 0 us -> 20 us"}));
}

TEST(Differences, ADemandThatGoesAwayIsWider) {
  RuntimeContract after = full_contract();
  after.input_isolation = false;
  after.inputs.clear();
  after.outputs.front().minimum.reset();
  after.outputs.front().visible_to.clear();
  after.rate.reset();
  EXPECT_EQ(
      changes(full_contract(), after),
      (Lines{"input_isolation wider true -> false",
             "inputs[audio] wider no rule any more, was FP32[1,-1]",
             "outputs[speech].minimum wider 0.0 -> none",
             "outputs[speech].visible_to wider operator, svc_voice -> every authorised caller",
             "rate wider no limit any more"}));
  EXPECT_EQ(changes(after, full_contract()),
            (Lines{"input_isolation tighter false -> true",
                   "inputs[audio] tighter a new rule, FP32[1,-1]",
                   "outputs[speech].minimum tighter none -> 0.0",
                   "outputs[speech].visible_to tighter every authorised caller -> operator, "
                   "svc_voice",
                   "rate tighter limited now"}));
}

TEST(Differences, LimitsOfARangeWidenOutwards) {
  RuntimeContract after = full_contract();
  after.inputs.front().minimum = -2.0;
  after.inputs.front().maximum = 1.0;
  after.inputs.front().shape = {1, 512};
  after.inputs.front().finite_only = false;
  EXPECT_EQ(
      changes(full_contract(), after),
      (Lines{"inputs[audio].shape tighter FP32[1,-1] -> FP32[1,512]",
             "inputs[audio].minimum wider -1.0 -> -2.0", "inputs[audio].maximum tighter 1.5 -> 1.0",
             "inputs[audio].finite_only wider true -> false"}));
  after = full_contract();
  after.inputs.front().shape = {-1, 512};
  after.inputs.front().datatype = "FP16";
  EXPECT_EQ(changes(full_contract(), after),
            (Lines{"inputs[audio].datatype other FP32 -> FP16",
                   "inputs[audio].shape other FP32[1,-1] -> FP16[-1,512]"}));
}

TEST(Differences, EntriesOfAnAllowListAreComparedOneByOne) {
  RuntimeContract after = full_contract();
  after.operators = {{"", "Conv"}, {"", "Relu"}};
  after.outputs.front().visible_to = {"operator", "guest"};
  EXPECT_EQ(changes(full_contract(), after),
            (Lines{"operators wider added: Relu", "operators tighter removed: ai.onnx.ml:Scaler",
                   "outputs[speech].visible_to wider added: guest",
                   "outputs[speech].visible_to tighter removed: svc_voice"}));
  after = full_contract();
  after.operators.reset();
  EXPECT_EQ(changes(full_contract(), after),
            (Lines{"operators other a list of 2 -> the built-in list"}));
  RuntimeContract foreign = after;
  foreign.operators.emplace({OperatorName{"com.example", "Fuse"}});
  EXPECT_EQ(changes(after, foreign), (Lines{"operators wider the built-in list -> a list of 1"}));
}

TEST(Differences, PowersFormatAndBatchingAreNamed) {
  RuntimeContract after;
  after.powers = {Threads{2}, DeviceNode{"/dev/apex_0"}};
  after.format = ModelFormat::ort;
  after.batching = Batching{.max_batch = 4, .max_delay_us = 0};
  EXPECT_EQ(changes({}, after),
            (Lines{"format wider onnx -> ort", "batching.max_batch wider 1 -> 4",
                   "powers.threads wider 1 -> 2", "powers.device_node wider added: /dev/apex_0"}));
  EXPECT_EQ(
      changes(after, {}),
      (Lines{"format tighter ort -> onnx", "batching.max_batch tighter 4 -> 1",
             "powers.threads tighter 2 -> 1", "powers.device_node tighter removed: /dev/apex_0"}));
}

}  // namespace
}  // namespace vedette::release
