#include "inference/serving/element_check.h"

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <numeric>

namespace vedette::inference::serving {

namespace {

// Elements per step. A step of fixed length, copied into aligned storage and judged by integer
// comparisons without a branch, is what the compiler turns into vector instructions.
constexpr std::size_t kStep = 64;

template <std::integral T, class IsBad>
std::optional<std::size_t> first_bad(ByteView data, IsBad is_bad) {
  const std::size_t count = data.size() / sizeof(T);
  std::array<T, kStep> step;
  std::size_t at = 0;
  for (; at + kStep <= count; at += kStep) {
    std::memcpy(step.data(), data.data() + at * sizeof(T), sizeof(step));
    T bad = 0;  // as wide as the elements, so that no lane is widened
    for (const T element : step)
      bad = static_cast<T>(bad | static_cast<T>(is_bad(element)));
    if (bad != 0) break;
  }
  // What is left: the tail, or the step that holds the first bad element.
  for (; at < count; ++at) {
    T element{};
    std::memcpy(&element, data.data() + at * sizeof(T), sizeof(T));
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
bool is_out(T element, Bounds<T> bounds) {
  return static_cast<bool>(static_cast<unsigned>(element < bounds.low) |
                           static_cast<unsigned>(element > bounds.high));
}

template <std::integral T>
std::optional<std::size_t> integer_out_of_range(ByteView data, ElementRange range) {
  const Bounds<T> bounds = bounds_of<T>(range);
  return first_bad<T>(data, [bounds](T element) { return is_out(element, bounds); });
}

// The bits of an IEEE 754 number as an integer in the order of the numbers: -NaN, -infinity, ...,
// -0, +0, ..., infinity, NaN. Its own inverse.
template <std::signed_integral T>
T in_order(T bits) {
  constexpr int kSign = std::numeric_limits<T>::digits;
  return static_cast<T>(bits ^ ((bits >> kSign) & std::numeric_limits<T>::max()));
}

template <std::signed_integral T>
double value_of(T bits) {
  if constexpr (sizeof(T) == 2)
    return static_cast<double>(widen(std::bit_cast<std::uint16_t>(bits)));
  if constexpr (sizeof(T) == 4) return static_cast<double>(std::bit_cast<float>(bits));
  if constexpr (sizeof(T) == 8) return std::bit_cast<double>(bits);
}

// The first place in [from, to) at which `holds`; it holds nowhere before and everywhere after it.
template <std::signed_integral T, class Holds>
T first_place(T from, T to, Holds holds) {
  while (from < to) {
    const T middle = std::midpoint(from, to);
    if (holds(middle))
      to = middle;
    else
      from = static_cast<T>(middle + 1);
  }
  return from;
}

// The bounds as places in that order, between the infinities: so every NaN is out, whatever the
// bounds, and one found by search is exact in any format. `infinity` is the bits of the positive.
template <std::signed_integral T>
Bounds<T> places_of(ElementRange range, T infinity) {
  if (std::isnan(range.minimum) || std::isnan(range.maximum)) return {};
  const T least = in_order(static_cast<T>(infinity | std::numeric_limits<T>::min()));
  const auto end = static_cast<T>(infinity + 1);
  const auto low =
      first_place(least, end, [&](T place) { return value_of(in_order(place)) >= range.minimum; });
  const auto above =
      first_place(least, end, [&](T place) { return value_of(in_order(place)) > range.maximum; });
  return {.low = low, .high = static_cast<T>(above - 1)};
}

template <std::signed_integral T>
std::optional<std::size_t> float_out_of_range(ByteView data, ElementRange range, T infinity) {
  const Bounds<T> places = places_of<T>(range, infinity);
  return first_bad<T>(data, [places](T bits) { return is_out(in_order(bits), places); });
}

template <class Bits>
std::optional<std::size_t> exponent_all_ones(ByteView data, Bits exponent) {
  return first_bad<Bits>(data, [exponent](Bits bits) { return (bits & exponent) == exponent; });
}

template <class T, class As = double>
As element(ByteView data, std::size_t index) {
  T one{};
  std::memcpy(&one, data.subspan(index * sizeof(T), sizeof(T)).data(), sizeof(T));
  return static_cast<As>(one);
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
      return float_out_of_range<std::int16_t>(data, range, 0x7c00);
    case DataType::fp32:
      return float_out_of_range<std::int32_t>(data, range, 0x7f80'0000);
    case DataType::fp64:
      return float_out_of_range<std::int64_t>(data, range, 0x7ff0'0000'0000'0000);
  }
  return 0;  // a type that is no enumerator keeps no bound
}

double element_at(DataType type, ByteView data, std::size_t index) {
  switch (type) {
    case DataType::boolean:
    case DataType::uint8:
      return element<std::uint8_t>(data, index);
    case DataType::int8:
      return element<std::int8_t>(data, index);
    case DataType::int16:
      return element<std::int16_t>(data, index);
    case DataType::int32:
      return element<std::int32_t>(data, index);
    case DataType::int64:
      return element<std::int64_t>(data, index);
    case DataType::uint16:
      return element<std::uint16_t>(data, index);
    case DataType::uint32:
      return element<std::uint32_t>(data, index);
    case DataType::uint64:
      return element<std::uint64_t>(data, index);
    case DataType::fp16:
      return static_cast<double>(widen(element<std::uint16_t, std::uint16_t>(data, index)));
    case DataType::fp32:
      return element<float>(data, index);
    case DataType::fp64:
      return element<double>(data, index);
  }
  return std::numeric_limits<double>::quiet_NaN();
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
