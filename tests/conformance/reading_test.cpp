// The judge judged: tensors are read strictly, and a wrong value is seen.
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "onnx_proto.h"
#include "tensor_agreement.h"

namespace vedette::testing {
namespace {

using inference::DataType;
using inference::Tensor;

std::string code_of(const Result<Tensor>& result) {
  return result ? "" : result.error().code;
}

Tensor floats(std::vector<float> values) {
  Tensor tensor{"x", DataType::fp32, {static_cast<std::int64_t>(values.size())}, {}};
  tensor.data.resize(values.size() * sizeof(float));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

// dims [2], type, then what is given.
Bytes proto(std::uint8_t type, Bytes rest) {
  Bytes bytes{0x08, 0x02, 0x10, type};
  append(bytes, rest);
  return bytes;
}

TEST(TensorProto, RefusesWhatIsCutOrUnknown) {
  EXPECT_EQ(code_of(parse_tensor(Bytes{0x08})), "ONNX-SYNTAX");
  EXPECT_EQ(code_of(parse_tensor(proto(3, {0x4A, 0x05, 0x01}))), "ONNX-SYNTAX");
  EXPECT_EQ(code_of(parse_tensor(proto(3, {0x0B}))), "ONNX-SYNTAX");        // a group
  EXPECT_EQ(code_of(parse_tensor(proto(3, {0x70, 0x01}))), "ONNX-SYNTAX");  // data elsewhere
}

TEST(TensorProto, RefusesBytesThatDoNotFillTheShape) {
  EXPECT_EQ(code_of(parse_tensor(proto(3, {0x4A, 0x01, 0x07}))), "ONNX-SYNTAX");
  EXPECT_EQ(code_of(parse_tensor(proto(3, {}))), "ONNX-SYNTAX");
}

TEST(TensorProto, RefusesTypesThatDoNotCross) {
  for (const std::uint8_t type :
       {std::uint8_t{0}, std::uint8_t{8}, std::uint8_t{14}, std::uint8_t{16}, std::uint8_t{17}})
    EXPECT_EQ(code_of(parse_tensor(proto(type, {0x4A, 0x02, 0x01, 0x02}))), "ONNX-TYPE");
}

TEST(TensorProto, ReadsRawBytesAndNumbersAlike) {
  const auto raw = parse_tensor(proto(5, {0x4A, 0x04, 0xFF, 0xFF, 0x01, 0x00}));
  const auto packed = parse_tensor(
      proto(5, {0x2A, 0x0B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x01}));
  ASSERT_TRUE(raw.has_value() && packed.has_value());
  EXPECT_EQ(*raw, *packed);
  EXPECT_EQ(raw->type, DataType::int16);
}

TEST(TensorAgreement, SeesAnotherValueShapeOrType) {
  EXPECT_NE(disagreement(floats({1}), floats({1.01F})), "");
  EXPECT_NE(disagreement(floats({1e-6F}), floats({0})), "");
  EXPECT_NE(disagreement(floats({NAN}), floats({1})), "");
  EXPECT_NE(disagreement(floats({INFINITY}), floats({-INFINITY})), "");
  EXPECT_NE(disagreement(floats({1}), floats({1, 1})), "");
  EXPECT_NE(disagreement({"x", DataType::int8, {1}, {1}}, {"x", DataType::uint8, {1}, {1}}), "");
  EXPECT_NE(disagreement({"x", DataType::int8, {1}, {1}}, {"x", DataType::int8, {1}, {2}}), "");
}

TEST(TensorAgreement, AllowsRoundingAlone) {
  EXPECT_EQ(disagreement(floats({1, NAN, INFINITY}), floats({1.0005F, NAN, INFINITY})), "");
  const Tensor sums = floats({1000, 0});
  EXPECT_EQ(disagreement(floats({1000, 1e-3F}), sums, tolerance_for_sums(sums)), "");
  EXPECT_NE(disagreement(floats({1000, 1e-1F}), sums, tolerance_for_sums(sums)), "");
}

TEST(TensorAgreement, ReadsHalfPrecision) {
  const auto half = [](std::uint8_t low, std::uint8_t high) {
    return Tensor{"x", DataType::fp16, {1}, {low, high}};
  };
  EXPECT_EQ(disagreement(half(0x00, 0x3C), half(0x01, 0x3C)), "");  // 1 and its neighbour
  EXPECT_NE(disagreement(half(0x00, 0x3C), half(0x00, 0xBC)), "");  // 1 and -1
  EXPECT_NE(disagreement(half(0x00, 0x7C), half(0x00, 0x7E)), "");  // infinity and NaN
  EXPECT_NE(disagreement(half(0x10, 0x00), half(0x00, 0x00)), "");  // subnormal and zero
}

}  // namespace
}  // namespace vedette::testing
