#include "inference/tensor.h"

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

std::string code_of(const Result<void>& result) {
  return result.has_value() ? "" : result.error().code;
}
std::string code_of(const Result<std::uint64_t>& result) {
  return result.has_value() ? "" : result.error().code;
}

using Shape = std::vector<std::int64_t>;

TEST(ByteSize, RefusesProductsThatWouldWrap) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62U;
  EXPECT_EQ(code_of(byte_size(DataType::fp32, Shape{kHuge})), "INF-SHAPE");
  EXPECT_EQ(code_of(byte_size(DataType::uint8, Shape{kHuge, 4})), "INF-SHAPE");
  EXPECT_EQ(code_of(byte_size(DataType::uint8, Shape{INT64_MAX, INT64_MAX})), "INF-SHAPE");
}

TEST(ByteSize, RefusesNegativeDimensionsEvenBesideAZero) {
  EXPECT_EQ(code_of(byte_size(DataType::fp32, Shape{-1})), "INF-SHAPE");
  EXPECT_EQ(code_of(byte_size(DataType::fp32, Shape{0, -1})), "INF-SHAPE");
}

TEST(ByteSize, RefusesNineDimensionsAndUnknownTypes) {
  EXPECT_EQ(code_of(byte_size(DataType::fp32, Shape(9, 1))), "INF-SHAPE");
  EXPECT_EQ(code_of(byte_size(static_cast<DataType>(99), Shape{1})), "INF-SHAPE");
}

TEST(ByteSize, CountsScalarsEmptyAndOrdinaryTensors) {
  EXPECT_EQ(byte_size(DataType::int64, Shape{}).value(), 8U);
  EXPECT_EQ(byte_size(DataType::int64, Shape{INT64_MAX, 0, INT64_MAX}).value(), 0U);
  EXPECT_EQ(byte_size(DataType::fp32, Shape{2, 1, 128}).value(), 1024U);
}

TEST(CheckTensor, RefusesBytesThatDoNotFit) {
  EXPECT_EQ(code_of(check_tensor({"x", DataType::fp32, {2}, Bytes(7)})), "INF-DATA");
  EXPECT_EQ(code_of(check_tensor({"x", DataType::fp32, {2}, Bytes(9)})), "INF-DATA");
  EXPECT_EQ(code_of(check_tensor({"x", DataType::boolean, {2}, Bytes{1, 2}})), "INF-DATA");
}

TEST(CheckTensor, RefusesBadNames) {
  EXPECT_EQ(code_of(check_tensor({"", DataType::int8, {1}, Bytes(1)})), "INF-NAME");
  EXPECT_EQ(code_of(check_tensor({"a\xFF", DataType::int8, {1}, Bytes(1)})), "INF-NAME");
  EXPECT_EQ(code_of(check_tensor({"a\nb", DataType::int8, {1}, Bytes(1)})), "INF-NAME");
  EXPECT_EQ(code_of(check_tensor({std::string(129, 'a'), DataType::int8, {1}, Bytes(1)})),
            "INF-NAME");
}

TEST(CheckTensor, AcceptsWhatFits) {
  EXPECT_EQ(code_of(check_tensor({"x", DataType::boolean, {2}, Bytes{1, 0}})), "");
  EXPECT_EQ(code_of(check_tensor({std::string(128, 'a'), DataType::fp64, {}, Bytes(8)})), "");
}

TEST(DataTypes, NamesAndNumbersReadBack) {
  for (std::uint32_t number = 1; number <= 12; ++number) {
    const auto type = data_type_from_number(number);
    ASSERT_TRUE(type.has_value());
    EXPECT_EQ(data_type_from_name(name_of(*type)), type);
    EXPECT_GT(element_size(*type), 0U);
  }
  EXPECT_FALSE(data_type_from_number(0).has_value());
  EXPECT_FALSE(data_type_from_number(13).has_value());
  EXPECT_FALSE(data_type_from_name("BYTES").has_value());
  EXPECT_FALSE(data_type_from_name("fp32").has_value());
}

}  // namespace
}  // namespace vedette::inference
