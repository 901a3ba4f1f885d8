#include "inference/engine/engine.h"

#include <cstring>

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
  const TensorView stranger{"stranger", DataType::int64, {}, data};
  EXPECT_EQ(code_of(engine->run(std::span(&stranger, 1))), "INF-MODEL");
  EXPECT_EQ(code_of(engine->run({})), "INF-MODEL");
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
  const std::vector<TensorView> inputs = {{"input", DataType::fp32, {1, 512}, sound},
                                          {"state", DataType::fp32, {2, 1, 128}, state},
                                          {"sr", DataType::int64, {}, sr}};
  const auto outputs = engine->run(inputs);
  ASSERT_EQ(code_of(outputs), "") << outputs.error().cause;
  EXPECT_EQ(outputs->at(0).name, "output");
  EXPECT_EQ(outputs->at(0).shape, (std::vector<std::int64_t>{1, 1}));
  float probability = -1;
  std::memcpy(&probability, outputs->at(0).data.data(), 4);
  EXPECT_GT(probability, 0.0F);
  EXPECT_LT(probability, 0.5F);  // silence is not speech
}

}  // namespace
}  // namespace vedette::inference
