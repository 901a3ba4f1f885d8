#include "inference/serving/element_check.h"

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>

namespace vedette::inference::serving {

namespace {

// Elements per step. A step of fixed length, copied into aligned storage and judged without a
// branch, is what the compiler turns into vector instructions.
constexpr std::size_t kStep = 64;

template <class Element, class IsBad>
std::optional<std::size_t> first_bad(ByteView data, IsBad is_bad) {
  const std::size_t count = data.size() / sizeof(Element);
  std::array<Element, kStep> step;
  std::size_t at = 0;
  for (; at + kStep <= count; at += kStep) {
    std::memcpy(step.data(), data.data() + at * sizeof(Element), sizeof(step));
    unsigned bad = 0;
    for (const Element element : step)
      bad |= static_cast<unsigned>(is_bad(element));
    if (bad != 0) break;
  }
  // What is left: the tail, or the step that holds the first bad element.
  for (; at < count; ++at) {
    Element element{};
    std::memcpy(&element, data.data() + at * sizeof(Element), sizeof(Element));
    if (is_bad(element)) return at;
  }
  return std::nullopt;
}

// IEEE 754 binary16, widened exactly: the exponent is rebased by a multiplication, which gets
// subnormals right, and all ones stay all ones.
float widen(std::uint16_t half) {
  const std::uint32_t magnitude = (half & 0x7fffU) << 13U;
  const float rebased = std::bit_cast<float>(magnitude) * 0x1p112F;
  const std::uint32_t special = (half & 0x7c00U) == 0x7c00U ? 0x7f80'0000U : 0U;
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(rebased) | special | sign);
}

// The same bounds in the element's own type; `low` > `high` when no value of it keeps them.
template <std::integral T>
struct Bounds {
  T low = 1;
  T high = 0;
};

template <std::integral T>
Bounds<T> bounds_of(ElementRange range) {
  // 2^digits is a double exactly, which max() itself is not for 64 bits.
  const double above = std::ldexp(1.0, std::numeric_limits<T>::digits);
  const auto least = static_cast<double>(std::numeric_limits<T>::min());
  const double low = std::ceil(range.minimum);
  const double high = std::floor(range.maximum);
  if (!(low < above) || !(high >= least)) return {};  // also for a bound that is NaN
  Bounds<T> bounds{.low = std::numeric_limits<T>::min(), .high = std::numeric_limits<T>::max()};
  if (low > least) bounds.low = static_cast<T>(low);
  if (high < above) bounds.high = static_cast<T>(high);
  return bounds;
}

template <std::integral T>
std::optional<std::size_t> integer_out_of_range(ByteView data, ElementRange range) {
  const Bounds<T> bounds = bounds_of<T>(range);
  return first_bad<T>(data, [bounds](T element) {
    return static_cast<unsigned>(element < bounds.low) |
           static_cast<unsigned>(element > bounds.high);
  });
}

// Written so that a NaN, which compares false with everything, is out.
unsigned is_out(double value, ElementRange range) {
  return static_cast<unsigned>(!(value >= range.minimum)) |
         static_cast<unsigned>(!(value <= range.maximum));
}

template <class Bits>
std::optional<std::size_t> exponent_all_ones(ByteView data, Bits exponent) {
  return first_bad<Bits>(
      data, [exponent](Bits bits) { return static_cast<unsigned>((bits & exponent) == exponent); });
}

}  // namespace

std::optional<std::size_t> first_out_of_range(DataType type, ByteView data, ElementRange range) {
  switch (type) {
    case DataType::boolean:
    case DataType::uint8:
      return integer_out_of_range<std::uint8_t>(data, range);
    case DataType::int8:
      return integer_out_of_range<std::int8_t>(data, range);
    case DataType::int16:
      return integer_out_of_range<std::int16_t>(data, range);
    case DataType::int32:
      return integer_out_of_range<std::int32_t>(data, range);
    case DataType::int64:
      return integer_out_of_range<std::int64_t>(data, range);
    case DataType::uint16:
      return integer_out_of_range<std::uint16_t>(data, range);
    case DataType::uint32:
      return integer_out_of_range<std::uint32_t>(data, range);
    case DataType::uint64:
      return integer_out_of_range<std::uint64_t>(data, range);
    case DataType::fp16:
      return first_bad<std::uint16_t>(data, [range](std::uint16_t half) {
        return is_out(static_cast<double>(widen(half)), range);
      });
    case DataType::fp32:
      return first_bad<float>(
          data, [range](float value) { return is_out(static_cast<double>(value), range); });
    case DataType::fp64:
      return first_bad<double>(data, [range](double value) { return is_out(value, range); });
  }
  return 0;  // a type that is no enumerator keeps no bound
}

std::optional<std::size_t> first_not_finite(DataType type, ByteView data) {
  switch (type) {
    case DataType::fp16:
      return exponent_all_ones<std::uint16_t>(data, 0x7c00U);
    case DataType::fp32:
      return exponent_all_ones<std::uint32_t>(data, 0x7f80'0000U);
    case DataType::fp64:
      return exponent_all_ones<std::uint64_t>(data, 0x7ff0'0000'0000'0000U);
    case DataType::boolean:
    case DataType::int8:
    case DataType::int16:
    case DataType::int32:
    case DataType::int64:
    case DataType::uint8:
    case DataType::uint16:
    case DataType::uint32:
    case DataType::uint64:
      return std::nullopt;
  }
  return 0;
}

}  // namespace vedette::inference::serving
