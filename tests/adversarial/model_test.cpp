// Good and hostile models in the real worker.
#include <chrono>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/channel/channel.h"
#include "inference/host/worker_child.h"
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
  EXPECT_EQ(code_of((*worker)->infer(std::span(&stranger, 1), 5000ms)), "INF-MODEL");
  EXPECT_EQ(code_of((*worker)->infer(std::span(&mistyped, 1), 5000ms)), "INF-MODEL");
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
  EXPECT_EQ(code_of(WorkerProcess::start(settings(), loose.get())), "SBX-MODEL-UNSEALED");
  EXPECT_EQ(code_of(WorkerProcess::start(settings(), -1)), "SBX-MODEL-UNSEALED");
}

TEST(UnsealedModel, IsRefusedByTheWorkerWithoutTheHostsHelp) {
  const UniqueFd loose{::memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  const Bytes model = add_model();
  ASSERT_EQ(::write(loose.get(), model.data(), model.size()), static_cast<ssize_t>(model.size()));
  auto host = channel::HostEnd::create(1024, 1024).value();
  host.ask_metadata();
  WorkerOrder order;
  order.posture = posture();
  auto child = WorkerChild::start(worker_path(), order, loose.get(), host.fd()).value();
  const auto ending = child.wait(std::chrono::seconds(20));
  ASSERT_TRUE(ending.has_value());
  EXPECT_TRUE(ending->is(WorkerExit::refused)) << describe(*ending);
  ASSERT_EQ(host.wait(0ms), channel::HostEnd::Wait::answered);
  const auto reply = host.take();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(std::get<channel::Refusal>(*reply).code, "SBX-MODEL-UNSEALED");
}

TEST(UnknownProfile, IsRefused) {
  WorkerSettings chosen = settings();
  chosen.profile = "lenient";
  EXPECT_EQ(code_of(WorkerProcess::start(chosen, sealed(add_model()).fd())), "SBX-PROFILE");
}

TEST(TooLittleMemory, IsARefusalNotAHang) {
  WorkerSettings chosen = settings();
  chosen.memory_bytes = 1 << 20;
  const auto worker = WorkerProcess::start(chosen, sealed(add_model()).fd());
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "shadow memory cannot be limited";
#endif
  EXPECT_FALSE(worker.has_value());
}

}  // namespace
}  // namespace vedette::inference
