#include "tensor_agreement.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace vedette::testing {

namespace {

using inference::DataType;
using inference::Tensor;

// IEEE 754 binary16.
double from_half(std::uint16_t bits) {
  constexpr int kMantissa = 10;
  constexpr int kBias = 15;
  const int exponent = (bits >> kMantissa) & 0x1F;
  const int mantissa = bits & 0x3FF;
  const double sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
  if (exponent == 0x1F) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - kBias - kMantissa);
  return sign * std::ldexp(mantissa + 0x400, exponent - kBias - kMantissa);
}

template <class T>
T load(const Tensor& tensor, std::size_t at) {
  T value{};
  std::memcpy(&value, tensor.data.data() + at * sizeof value, sizeof value);
  return value;
}

double number(const Tensor& tensor, std::size_t at) {
  if (tensor.type == DataType::fp16) return from_half(load<std::uint16_t>(tensor, at));
  if (tensor.type == DataType::fp32) return load<float>(tensor, at);
  return load<double>(tensor, at);
}

std::size_t count_of(const Tensor& tensor) {
  return tensor.data.size() / element_size(tensor.type);
}

bool is_float(DataType type) {
  return type == DataType::fp16 || type == DataType::fp32 || type == DataType::fp64;
}

bool close(double actual, double expected, const Tolerance& tolerance) {
  if (std::isnan(actual) || std::isnan(expected)) return std::isnan(actual) == std::isnan(expected);
  if (std::isinf(actual) || std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <=
         tolerance.absolute + tolerance.relative * std::abs(expected);
}

}  // namespace

Tolerance tolerance_for_sums(const Tensor& expected) {
  constexpr double kShare = 1e-5;
  Tolerance tolerance;
  if (!is_float(expected.type)) return tolerance;
  double largest = 0;
  for (std::size_t i = 0; i < count_of(expected); ++i)
    largest = std::max(largest, std::abs(number(expected, i)));
  tolerance.absolute += kShare * largest;
  return tolerance;
}

std::string disagreement(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance) {
  const std::string is = describe(actual.type, actual.shape);
  const std::string should = describe(expected.type, expected.shape);
  if (is != should) return is + " instead of " + should;
  if (!is_float(actual.type)) return actual.data == expected.data ? "" : is + ": other values";
  for (std::size_t i = 0; i < count_of(actual); ++i)
    if (const double a = number(actual, i), e = number(expected, i); !close(a, e, tolerance))
      return is + ": " + std::to_string(a) + " instead of " + std::to_string(e) + " at " +
             std::to_string(i);
  return "";
}

}  // namespace vedette::testing
