#include "inference/engine/engine.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>

#include "base/fd.h"

namespace vedette::inference {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "" : result.error().code;
}

const Bytes& silero() {
  static const Bytes model =
      read_file(std::string(VEDETTE_MODELS_DIR) + "/silero_vad_v5.onnx", 64U << 20U)
          .value_or(Bytes{});
  return model;
}

TEST(Engine, RefusesBytesThatAreNoModel) {
  auto engine = Engine::create();
  ASSERT_TRUE(engine.has_value());
  EXPECT_EQ(code_of(engine->load(as_bytes("not a model"))), "INF-LOAD");
  EXPECT_EQ(code_of(engine->load({})), "INF-LOAD");
  EXPECT_EQ(code_of(engine->run({})), "INF-MODEL");
}

TEST(Engine, RefusesInputsThatTheModelDidNotDeclare) {
  if (silero().empty()) GTEST_SKIP() << "silero_vad_v5.onnx is not in " VEDETTE_MODELS_DIR;
  auto engine = Engine::create();
  ASSERT_TRUE(engine.has_value());
  ASSERT_EQ(code_of(engine->load(silero())), "");
  const Bytes data(8);
  const IndexedTensor stranger{3, DataType::int64, {}, data};
  EXPECT_EQ(code_of(engine->run(std::span(&stranger, 1))), "INF-MODEL");
  EXPECT_EQ(code_of(engine->run({})), "INF-MODEL");
}

TEST(Engine, WarmsUpAndThenLoads) {
  auto engine = Engine::create();
  ASSERT_TRUE(engine.has_value());
  EXPECT_EQ(code_of(engine->warm_up()), "");
  EXPECT_EQ(code_of(engine->run({})), "INF-MODEL");  // the warm-up's model is gone
}

TEST(ThreadPark, GivesEachThreadWorkOnce) {
  const auto park = ThreadPark::open(2).value();
  std::atomic<int> sum = 0;
  const auto work = [](void* argument) { ++*static_cast<std::atomic<int>*>(argument); };
  void* const one = park->start(work, &sum);
  void* const two = park->start(work, &sum);
  ASSERT_NE(one, nullptr);
  ASSERT_NE(two, nullptr);
  EXPECT_NE(one, two);
  EXPECT_EQ(park->start(work, &sum), nullptr);
  ThreadPark::join(one);
  ThreadPark::join(two);
  EXPECT_EQ(sum, 2);
}

TEST(ThreadPark, LeavesItsThreadsAPlaceToWaitAt) {
  for (int i = 0; i < 20; ++i) {
    const auto park = ThreadPark::open(1).value();
    void* const thread = park->start([](void*) {}, nullptr);
    ASSERT_NE(thread, nullptr);
    ThreadPark::join(thread);
  }
  // Under AddressSanitizer a thread that looks at a place which is gone ends the program.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

TEST(Engine, RunsARealModel) {
  if (silero().empty()) GTEST_SKIP() << "silero_vad_v5.onnx is not in " VEDETTE_MODELS_DIR;
  auto engine = Engine::create();
  ASSERT_TRUE(engine.has_value());
  ASSERT_EQ(code_of(engine->load(silero())), "");
  ASSERT_EQ(engine->metadata().inputs.size(), 3U);
  ASSERT_EQ(engine->metadata().outputs.size(), 2U);
  const Bytes sound(512 * 4);
  const Bytes state(2 * 128 * 4);
  const std::int64_t rate = 16000;
  Bytes sr(8);
  std::memcpy(sr.data(), &rate, 8);
  constexpr std::int64_t kWindow[] = {1, 512};
  constexpr std::int64_t kState[] = {2, 1, 128};
  const std::vector<IndexedTensor> inputs = {{0, DataType::fp32, kWindow, sound},
                                             {1, DataType::fp32, kState, state},
                                             {2, DataType::int64, {}, sr}};
  const auto outputs = engine->run(inputs);
  ASSERT_EQ(code_of(outputs), "") << outputs.error().cause;
  const IndexedTensor& output = outputs->front();
  EXPECT_EQ(std::vector(output.shape.begin(), output.shape.end()),
            (std::vector<std::int64_t>{1, 1}));
  float probability = -1;
  std::memcpy(&probability, output.data.data(), 4);
  EXPECT_GT(probability, 0.0F);
  EXPECT_LT(probability, 0.5F);  // silence is not speech
}

}  // namespace
}  // namespace vedette::inference
