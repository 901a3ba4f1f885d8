// Good and hostile models in the real worker.
#include <chrono>
#include <cstring>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/channel/channel.h"
#include "inference/host/conversion.h"
#include "inference/host/worker_spawner.h"
#include "testing/onnx_writer.h"

#include "sandbox_fixture.h"

namespace vedette::inference {
namespace {

using namespace testing;
using std::chrono_literals::operator""ms;

TEST(Model, AddsInTheCage) {
  const auto worker = start(add_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  ASSERT_EQ((*worker)->metadata().inputs.size(), 1U);
  EXPECT_EQ((*worker)->metadata().inputs[0], (TensorInfo{"x", DataType::fp32, {-1}}));
  for (int i = 0; i < 3; ++i) {
    const Tensor input = floats("x", {1.0F, 2.5F, -3.0F});
    const auto outputs = (*worker)->infer(std::span(&input, 1), 5000ms);
    ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
    EXPECT_EQ(outputs->at(0), floats("y", {2.0F, 5.0F, -6.0F}));
  }
  EXPECT_TRUE((*worker)->alive());
}

TEST(Model, HearsSilenceInTheCage) {
  const auto model = read_file(std::string(VEDETTE_MODELS_DIR) + "/silero_vad_v5.onnx", 64U << 20U);
  if (!model) GTEST_SKIP() << "silero_vad_v5.onnx is not in " VEDETTE_MODELS_DIR;
  const auto worker = start(*model);
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  std::vector<Tensor> inputs = {floats("input", std::vector<float>(512)),
                                floats("state", std::vector<float>(256)), integers("sr", {16000})};
  inputs[0].shape = {1, 512};
  inputs[1].shape = {2, 1, 128};
  inputs[2].shape = {};
  for (int i = 0; i < 20; ++i) {
    const auto outputs = (*worker)->infer(inputs, 5000ms);
    ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
    float probability = -1;
    std::memcpy(&probability, outputs->at(0).data.data(), sizeof probability);
    EXPECT_GT(probability, 0.0F);
    EXPECT_LT(probability, 0.5F);
    inputs[1].data = outputs->at(1).data;  // the state goes round
  }
}

TEST(Model, WrongInputIsRefusedAndTheWorkerLivesOn) {
  const auto worker = start(add_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const Tensor stranger = floats("stranger", {1});
  const Tensor mistyped = integers("x", {1});
  Tensor good = floats("x", {1});
  EXPECT_EQ(code_of((*worker)->infer(std::span(&stranger, 1), 5000ms)), "INF-INPUT");
  EXPECT_EQ(code_of((*worker)->infer(std::span(&mistyped, 1), 5000ms)), "INF-INPUT");
  EXPECT_EQ(code_of((*worker)->infer({}, 5000ms)), "INF-MODEL");
  EXPECT_EQ(code_of((*worker)->infer(std::span(&good, 1), 5000ms)), "");
  good.data.pop_back();
  EXPECT_EQ(code_of((*worker)->infer(std::span(&good, 1), 5000ms)), "INF-DATA");
  const Tensor large = floats("x", std::vector<float>(5U << 20U));
  EXPECT_EQ(code_of((*worker)->infer(std::span(&large, 1), 5000ms)), "SBX-REQUEST-SIZE");
  EXPECT_TRUE((*worker)->alive());
}

TEST(Model, GarbageIsRefused) {
  EXPECT_EQ(code_of(start(as_bytes("no model at all"))), "INF-LOAD");
  Bytes cut = add_model();
  cut.resize(cut.size() / 2);
  EXPECT_EQ(code_of(start(cut)), "INF-LOAD");
}

// The runtime refuses some names itself; for the others it tries to open a file, and dies of that
// before it could learn that the root is empty.
TEST(Model, ExternalDataIsRefusedOrKills) {
  for (const char* location : {"/etc/passwd", "/proc/self/maps", "*/_ORT_MEM_ADDR_/*", ""})
    EXPECT_EQ(code_of(start(external_data_model(location))), "INF-LOAD") << location;
  for (const char* location : {"passwd", "etc/passwd", "../etc/passwd"})
    EXPECT_EQ(code_of(start(external_data_model(location))), "SBX-SYSCALL-DENIED") << location;
}

TEST(Model, EndlessLoopIsKilledAtTheDeadline) {
  const auto worker = start(endless_loop_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const Tensor input = floats("x", {1});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(code_of((*worker)->infer(std::span(&input, 1), 200ms)), "SBX-DEADLINE");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5000ms);
  EXPECT_FALSE((*worker)->alive());
  const auto later = (*worker)->infer(std::span(&input, 1), 200ms);
  ASSERT_EQ(code_of(later), "SBX-WORKER-DIED");
  EXPECT_NE(later.error().cause.find("SBX-DEADLINE"), std::string::npos);
}

TEST(Model, MemoryBombIsRefusedOrKilledButNeverServed) {
  const auto worker = start(expand_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const Tensor shape = integers("shape", {std::int64_t{1} << 40U});
  const auto bombed = (*worker)->infer(std::span(&shape, 1), 10000ms);
  EXPECT_FALSE(bombed.has_value());
}

TEST(Model, AnswerThatDoesNotFitTheChannelIsRefused) {
  const auto worker = start(expand_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const Tensor large = integers("shape", {5 << 20});  // 20 MiB of FP32, the channel holds 16
  EXPECT_EQ(code_of((*worker)->infer(std::span(&large, 1), 10000ms)), "INF-MODEL");
  const Tensor small = integers("shape", {2});
  const auto outputs = (*worker)->infer(std::span(&small, 1), 5000ms);
  ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
  EXPECT_EQ(outputs->at(0), floats("y", {1.0F, 1.0F}));
}

TEST(UnsealedModel, IsRefusedByTheHost) {
  const UniqueFd loose{::memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  ASSERT_EQ(::write(loose.get(), "x", 1), 1);
  EXPECT_EQ(code_of(WorkerProcess::start(spawner(), settings(), loose.get())),
            "SBX-MODEL-UNSEALED");
  EXPECT_EQ(code_of(WorkerProcess::start(spawner(), settings(), -1)), "SBX-MODEL-UNSEALED");
}

TEST(UnsealedModel, IsRefusedByTheWorkerWithoutTheHostsHelp) {
  const UniqueFd loose{::memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  const Bytes model = add_model();
  ASSERT_EQ(::write(loose.get(), model.data(), model.size()), static_cast<ssize_t>(model.size()));
  const auto host = channel::HostEnd::create({.request_bytes = 1, .reply_bytes = 1}).value();
  const SpawnOrder order{at_posture(settings().profile, posture()), ModelFormat::onnx, false, -1,
                         ""};
  const auto life = spawner().spawn(order, host->fd(), loose.get(), {}).value();
  const auto caged = life->wait_caged(std::chrono::steady_clock::now() + 20000ms);
  EXPECT_EQ(code_of(caged), "SBX-MODEL-UNSEALED");
}

TEST(UnknownSystemCall, IsRefusedWithTheProfileThatNamesIt) {
  WorkerSettings chosen = settings();
  chosen.profile.syscalls.push_back({"make_coffee", Condition::none});
  EXPECT_EQ(code_of(WorkerProcess::start(spawner(), chosen, sealed(add_model()).fd())),
            "SBX-CAGE-FILTER");
}

TEST(TooLittleMemory, EndsTheWorkerAndIsNoViolation) {
  WorkerSettings chosen = settings();
  chosen.profile.limits.memory_bytes = 1 << 16;
  bool violated = false;
  chosen.on_violation = [&violated](const Violation&) { violated = true; };
  const auto worker = WorkerProcess::start(spawner(), chosen, sealed(expand_model()).fd());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const Tensor large = integers("shape", {3 << 20});  // 12 MiB of FP32
  EXPECT_EQ(code_of((*worker)->infer(std::span(&large, 1), 10000ms)), "SBX-MEMORY");
  EXPECT_FALSE((*worker)->alive());
  EXPECT_FALSE(violated);
}

TEST(Conversion, RefusesWhatTheRuntimeRefuses) {
  EXPECT_EQ(code_of(convert_to_ort(spawner(), sealed(as_bytes("no model")).fd())), "INF-LOAD");
  EXPECT_EQ(code_of(convert_to_ort(spawner(), -1)), "SBX-MODEL-UNSEALED");
  EXPECT_EQ(code_of(convert_to_ort(spawner(), sealed(external_data_model("passwd")).fd())),
            "SBX-SYSCALL-DENIED");
}

// The file of the conversion is the only one, and it ends at its size.
TEST(Conversion, CannotWriteMoreThanItMay) {
  EXPECT_FALSE(
      convert_to_ort(spawner(), sealed(add_model()).fd(), {.output_bytes = 64}).has_value());
}

TEST(Conversion, GivesAModelThatAnswersAlike) {
  const auto converted = convert_to_ort(spawner(), sealed(add_model()).fd());
  ASSERT_TRUE(converted.has_value()) << describe(converted.error());
  WorkerSettings chosen = settings();
  EXPECT_EQ(code_of(WorkerProcess::start(spawner(), chosen, sealed(*converted).fd())), "INF-LOAD");
  chosen.format = ModelFormat::ort;
  const auto worker = WorkerProcess::start(spawner(), chosen, sealed(*converted).fd());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const Tensor input = floats("x", {1.0F, 2.5F});
  const auto outputs = (*worker)->infer(std::span(&input, 1), 5000ms);
  ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
  EXPECT_EQ(outputs->at(0), floats("y", {2.0F, 5.0F}));
}

// Threads are made before the cage: computing with them takes no other call than computing without.
TEST(Threads, ComputeInTheStrictFilter) {
  WorkerSettings chosen = settings();
  ASSERT_TRUE(grant(chosen.profile, ThreadsPower{3}).has_value());
  const auto worker = WorkerProcess::start(spawner(), chosen, sealed(add_model()).fd());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  std::ifstream status("/proc/" + std::to_string((*worker)->pid()) + "/status");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  EXPECT_NE(text.find("Threads:\t3"), std::string::npos) << text;
  const Tensor input = floats("x", std::vector<float>(1 << 20, 1.0F));
  for (int i = 0; i < 20; ++i) {
    const auto outputs = (*worker)->infer(std::span(&input, 1), 5000ms);
    ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
    EXPECT_EQ(outputs->at(0), floats("y", std::vector<float>(1 << 20, 2.0F)));
  }
}

TEST(ForkPerRequest, AnswersEachRequestAndOutlivesADeadOne) {
  WorkerSettings chosen = settings();
  ASSERT_TRUE(grant(chosen.profile, ForkPerRequestPower{}).has_value());
  const auto worker = WorkerProcess::start(spawner(), chosen, sealed(add_model()).fd());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  for (int i = 0; i < 50; ++i) {
    const Tensor input = floats("x", {static_cast<float>(i)});
    const auto outputs = (*worker)->infer(std::span(&input, 1), 5000ms);
    ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
    EXPECT_EQ(outputs->at(0), floats("y", {static_cast<float>(2 * i)}));
  }
}

}  // namespace
}  // namespace vedette::inference
