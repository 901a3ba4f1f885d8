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

TEST(MapContract, RefusesPowersThatNoConfigurationGrants) {
  RuntimeContract contract;
  contract.powers = {release::Threads{2}};
  EXPECT_TRUE(code(contract).starts_with("AGT-CONTRACT-CEILING powers: it runs on 2 threads"));
  contract.powers = {release::DeviceNode{"/dev/apex_0"}};
  EXPECT_TRUE(code(contract).starts_with("AGT-CONTRACT-CEILING powers"));
  contract = {};
  contract.format = release::ModelFormat::ort;
  EXPECT_TRUE(code(contract).starts_with("AGT-CONTRACT-CEILING format"));
}

TEST(MapContract, RefusesDemandsThatNothingHereEnforces) {
  const auto refusal = [](auto change) {
    RuntimeContract contract;
    change(contract);
    return code(contract);
  };
  EXPECT_EQ(refusal([](auto& contract) {
              contract.operators.emplace({release::OperatorName{"", "Conv"}});
            }),
            "AGT-CONTRACT-UNENFORCED operators");
  EXPECT_EQ(refusal([](auto& contract) { contract.inputs.resize(1); }),
            "AGT-CONTRACT-UNENFORCED inputs");
  EXPECT_EQ(refusal([](auto& contract) { contract.outputs.resize(1); }),
            "AGT-CONTRACT-UNENFORCED outputs");
  EXPECT_EQ(refusal([](auto& contract) { contract.rate.emplace(); }),
            "AGT-CONTRACT-UNENFORCED rate");
  EXPECT_EQ(refusal([](auto& contract) { contract.input_isolation = true; }),
            "AGT-CONTRACT-UNENFORCED input_isolation");
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

TEST(MapContract, ALongerDeadlineThanTheDevicesIsCut) {
  RuntimeContract contract;
  contract.call_deadline_ms = 600'000;
  contract.load_deadline_ms = 600'000;
  contract.replicas = 16;
  contract.queue = 1024;
  contract.spin_us = 1000;
  contract.batching.emplace();
  const auto terms = map_contract(device(), contract);
  ASSERT_TRUE(terms) << "permissions that go unused are no demands";
  EXPECT_EQ(terms->call_deadline, milliseconds{2'000});
  EXPECT_EQ(terms->settings.start_deadline, inference::WorkerSettings{}.start_deadline);
}

}  // namespace
}  // namespace vedette::agent
