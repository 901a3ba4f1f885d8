#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "inference/api/open_inference.h"

namespace vedette::inference {
namespace {

Tensor floats(const std::string& name, std::vector<float> values) {
  Tensor tensor{.name = name,
                .type = DataType::fp32,
                .shape = {static_cast<std::int64_t>(values.size())},
                .data = Bytes(values.size() * sizeof(float))};
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

TEST(InferResponse, RefusesNumbersThatJsonCannotSay) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto text = render_infer_response({"m", "1", "", {floats("y", {1.0F, value})}});
    EXPECT_EQ(text.error().code, "OIP-NOT-FINITE");
  }
}

TEST(InferResponse, RefusesHalfFloats) {
  const Tensor half{.name = "y", .type = DataType::fp16, .shape = {1}, .data = {0, 60}};
  EXPECT_EQ(render_infer_response({"m", "1", "", {half}}).error().code, "OIP-DATATYPE");
}

TEST(InferResponse, SaysWhatTheModelAnswered) {
  const auto text = render_infer_response({"voice", "2", "a", {floats("y", {0.5F, -1.0F})}});
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text, R"({"model_name":"voice","model_version":"2","id":"a","outputs":[{"name":"y",)"
                   R"("datatype":"FP32","shape":[2],"data":[0.5,-1.0]}]})");
}

TEST(SelectOutputs, RefusesAnOutputThatTheModelDoesNotHave) {
  EXPECT_EQ(select_outputs({floats("y", {1})}, {"z"}).error().code, "OIP-OUTPUT");
  const auto chosen = select_outputs({floats("y", {1}), floats("z", {2})}, {"z", "y"});
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ((*chosen)[0].name, "z");
  EXPECT_EQ((*chosen)[1].name, "y");
}

}  // namespace
}  // namespace vedette::inference
