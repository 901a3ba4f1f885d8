#include "agent/contract_mapping.h"

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

using release::RuntimeContract;
using std::chrono::milliseconds;

constexpr std::uint64_t kMebibyte = 1 << 20;

AgentConfig device() {
  AgentConfig config;
  config.worker_path = "/usr/libexec/vedette-worker";
  config.worker_memory_bytes = 512 * kMebibyte;
  config.inference_deadline = milliseconds{2'000};
  config.replicas = 2;
  return config;
}

std::string code(const RuntimeContract& contract) {
  const auto terms = map_contract(device(), contract);
  return terms ? "mapped" : terms.error().code + " " + terms.error().cause;
}

TEST(MapContract, RefusesMoreThanTheDeviceAllows) {
  RuntimeContract contract;
  contract.memory_bytes = 512 * kMebibyte + 1;
  EXPECT_EQ(code(contract), "AGT-CONTRACT-CEILING memory_bytes: 536870913, allowed are 536870912");
  contract = {};
  contract.request_bytes = 16 * kMebibyte + 1;
  EXPECT_TRUE(code(contract).starts_with("AGT-CONTRACT-CEILING request_bytes"));
  contract = {};
  contract.reply_bytes = 16 * kMebibyte + 1;
  EXPECT_TRUE(code(contract).starts_with("AGT-CONTRACT-CEILING reply_bytes"));
}

TEST(ContractScope, HoldsInItsRegionsAndTimeAlone) {
  const TimePoint noon = from_unix_seconds(1'795'438'387);
  const auto judged = [](const AgentConfig& config, const RuntimeContract& contract,
                         TimePoint now) {
    const auto holds = check_scope(config, contract, now);
    return holds ? "" : holds.error().code;
  };
  AgentConfig here = device();
  RuntimeContract contract;
  EXPECT_EQ(judged(here, contract, noon), "");
  contract.regions = {"eu-west", "eu-central"};
  EXPECT_EQ(judged(here, contract, noon), "AGT-CONTRACT-REGION") << "of a device that has none";
  here.region = "us-east";
  EXPECT_EQ(judged(here, contract, noon), "AGT-CONTRACT-REGION");
  here.region = "eu-central";
  EXPECT_EQ(judged(here, contract, noon), "");
  contract.valid_from = noon;
  contract.valid_until = noon + std::chrono::seconds(2);
  EXPECT_EQ(judged(here, contract, noon - Duration(1)), "AGT-CONTRACT-TIME");
  EXPECT_EQ(judged(here, contract, noon), "");
  EXPECT_EQ(judged(here, contract, noon + std::chrono::seconds(2) - Duration(1)), "");
  EXPECT_EQ(judged(here, contract, noon + std::chrono::seconds(2)), "AGT-CONTRACT-TIME");
}

TEST(MapContract, RefusesPowersThatTheDeviceDoesNotAllow) {
  RuntimeContract contract;
  contract.powers = {release::Threads{2}};
  EXPECT_EQ(code(contract), "AGT-CONTRACT-CEILING threads 2");
  contract.powers = {release::DeviceNode{"/dev/apex_0"}};
  EXPECT_EQ(code(contract), "AGT-CONTRACT-CEILING device-node /dev/apex_0");
  contract = {};
  contract.format = release::ModelFormat::ort;
  EXPECT_EQ(code(contract), "AGT-CONTRACT-CEILING format ort");
}

TEST(MapContract, GrantsWhatBothAllowAndNoMore) {
  AgentConfig config = device();
  config.powers = {inference::ThreadsPower{4}, inference::DeviceNodePower{"/dev/apex_0"}};
  RuntimeContract contract;
  contract.powers = {release::Threads{3}};
  const auto terms = map_contract(config, contract);
  ASSERT_TRUE(terms) << describe(terms.error());
  EXPECT_EQ(terms->settings.profile.limits.threads, 3U);
  EXPECT_EQ(terms->settings.profile.powers.size(), 1U);
  contract.powers = {release::Threads{5}};
  EXPECT_EQ(map_contract(config, contract).error().code, "AGT-CONTRACT-CEILING");
  contract.powers = {release::DeviceNode{"/dev/apex_1"}};
  EXPECT_EQ(map_contract(config, contract).error().code, "AGT-CONTRACT-CEILING");
}

TEST(MapContract, RefusesThreadsTogetherWithAForkForEachRequest) {
  AgentConfig config = device();
  config.powers = {inference::ThreadsPower{4}};
  RuntimeContract contract;
  contract.powers = {release::Threads{2}};
  contract.input_isolation = true;
  EXPECT_EQ(map_contract(config, contract).error().code, "SBX-POWER");
}

TEST(MapContract, EnforcesWhatTheAuthorDemands) {
  RuntimeContract contract;
  contract.operators.emplace({release::OperatorName{"", "Conv"}});
  contract.rate = release::RateLimit{.calls_per_second = 5, .burst = 2};
  contract.input_isolation = true;
  contract.inputs.push_back({.name = "x", .datatype = "FP32", .shape = {-1, 3}, .minimum = 0.0});
  const auto terms = map_contract(device(), contract);
  ASSERT_TRUE(terms) << describe(terms.error());
  ASSERT_TRUE(terms->admission.operators.has_value());
  EXPECT_EQ(terms->admission.operators->front().name, "Conv");
  EXPECT_EQ(terms->rate->per_second, 5U);
  EXPECT_EQ(terms->settings.profile.powers,
            std::vector<inference::Power>{inference::ForkPerRequestPower{}});
  ASSERT_EQ(terms->rules.inputs.size(), 1U);
  EXPECT_EQ(terms->rules.inputs[0].minimum, 0.0);
  contract.inputs[0].datatype = "BYTES";
  EXPECT_EQ(map_contract(device(), contract).error().code, "AGT-CONTRACT");
}

TEST(CompleteRules, RefusesADistributionOfAnOutputThatTheModelLacks) {
  const inference::ModelMetadata model{{}, {{"y", inference::DataType::fp32, {1}}}};
  release::OutputDistribution one{.output = "y", .edges = {0}, .shares = {0.5, 0.5}};
  EXPECT_TRUE(check_distributions({one}, model).has_value());
  one.output = "z";
  EXPECT_EQ(check_distributions({one}, model).error().code, "AGT-CONTRACT-IO");
}

TEST(CompleteRules, RefusesAContractThatIsNotAboutThisModel) {
  using inference::DataType;
  const inference::ModelMetadata model{{{"x", DataType::fp32, {-1, 3}}}, {}};
  const auto refused = [&](const std::string& name, DataType type,
                           std::vector<std::int64_t> shape) {
    const inference::serving::IoRules rules{
        {{.name = name, .type = type, .shape = std::move(shape)}}, {}};
    const auto complete = complete_rules(rules, model);
    return complete ? "" : complete.error().code;
  };
  EXPECT_EQ(refused("y", DataType::fp32, {-1, 3}), "AGT-CONTRACT-IO");
  EXPECT_EQ(refused("x", DataType::fp64, {-1, 3}), "AGT-CONTRACT-IO");
  EXPECT_EQ(refused("x", DataType::fp32, {3}), "AGT-CONTRACT-IO");
  EXPECT_EQ(refused("x", DataType::fp32, {1, 4}), "AGT-CONTRACT-IO");
  EXPECT_EQ(refused("x", DataType::fp32, {1, 3}), "");
}

TEST(CompleteRules, TakeFromTheModelWhatTheContractLeavesOut) {
  using inference::DataType;
  const inference::ModelMetadata model{{{"x", DataType::fp32, {3}}, {"z", DataType::int8, {}}},
                                       {{"y", DataType::fp32, {3}}}};
  const inference::serving::IoRules rules{
      {{.name = "x", .type = DataType::fp32, .shape = {3}, .minimum = 1.0}}, {}};
  const auto complete = complete_rules(rules, model);
  ASSERT_TRUE(complete.has_value());
  ASSERT_EQ(complete->inputs.size(), 2U);
  EXPECT_EQ(complete->inputs[0].minimum, 1.0);
  EXPECT_EQ(complete->inputs[1].name, "z");
  EXPECT_EQ(complete->outputs.at(0).name, "y");
}

TEST(MapContract, WithoutOneTheDevicesOwnLimitsApply) {
  const auto terms = map_contract(device(), std::nullopt);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->settings.profile.limits.memory_bytes, 512 * kMebibyte);
  EXPECT_EQ(terms->settings.channel, inference::channel::ChannelShape{});
  EXPECT_EQ(terms->call_deadline, milliseconds{2'000});
}

TEST(MapContract, TightensEverythingThatTheContractSays) {
  RuntimeContract contract;
  contract.memory_bytes = 64 * kMebibyte;
  contract.request_bytes = 1000;
  contract.reply_bytes = 2000;
  contract.call_deadline_ms = 50;
  contract.load_deadline_ms = 700;
  const auto terms = map_contract(device(), contract);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->settings.profile.name, "strict");
  EXPECT_EQ(terms->settings.profile.limits.memory_bytes, 64 * kMebibyte);
  EXPECT_EQ(terms->settings.channel.request_bytes, 1000U);
  EXPECT_EQ(terms->settings.channel.reply_bytes, 2000U);
  EXPECT_EQ(terms->settings.start_deadline, milliseconds{700});
  EXPECT_EQ(terms->call_deadline, milliseconds{50});
}

TEST(MapContract, CutsWhatCanBeCut) {
  RuntimeContract contract;
  contract.call_deadline_ms = 600'000;
  contract.load_deadline_ms = 600'000;
  contract.replicas = 16;
  contract.queue = 1024;
  contract.spin_us = 1000;
  contract.batching = release::Batching{.max_batch = 8, .max_delay_us = 500};
  const auto terms = map_contract(device(), contract);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->call_deadline, milliseconds{2'000});
  EXPECT_EQ(terms->settings.start_deadline, inference::WorkerSettings{}.start_deadline);
  EXPECT_EQ(terms->serving.replicas, 2U);
  EXPECT_EQ(terms->serving.max_waiting, 1024U);
  EXPECT_EQ(terms->serving.batch.max_rows, 8);
  EXPECT_EQ(terms->serving.max_delay, std::chrono::microseconds(500));
  EXPECT_EQ(terms->settings.channel.spin_microseconds, 1000U);
}

}  // namespace
}  // namespace vedette::agent
