#include "inference/serving/element_check.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace vedette::inference::serving {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <class T>
std::optional<std::size_t> out(DataType type, const std::vector<T>& values, double minimum,
                               double maximum) {
  return first_out_of_range(type, bytes_of(values), {minimum, maximum});
}

// A plain definition of binary16, by its parts.
double half_value(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  double value = 0;
  if (exponent == 31)
    value = fraction == 0 ? kInfinity : kNan;
  else if (exponent == 0)
    value = std::ldexp(fraction, -24);
  else
    value = std::ldexp(1024 + fraction, exponent - 25);
  return (half & 0x8000) != 0 ? -value : value;
}

TEST(ElementCheck, ANanKeepsNoBound) {
  EXPECT_EQ(out<float>(DataType::fp32, {0, std::nanf("")}, -kInfinity, kInfinity), 1U);
  EXPECT_EQ(out<double>(DataType::fp64, {kNan}, -kInfinity, kInfinity), 0U);
  EXPECT_EQ(out<std::uint16_t>(DataType::fp16, {0, 0x7e00}, -kInfinity, kInfinity), 1U);
}

TEST(ElementCheck, NothingKeepsABoundThatIsNan) {
  EXPECT_EQ(out<float>(DataType::fp32, {0}, kNan, 1), 0U);
  EXPECT_EQ(out<std::int32_t>(DataType::int32, {0}, 0, kNan), 0U);
  EXPECT_EQ(out<std::int64_t>(DataType::int64, {0}, kNan, kNan), 0U);
}

TEST(ElementCheck, TheBoundsThemselvesAreKept) {
  EXPECT_EQ(out<float>(DataType::fp32, {-1, 0, 1}, -1, 1), std::nullopt);
  EXPECT_EQ(out<float>(DataType::fp32, {-1, std::nextafterf(1, 2)}, -1, 1), 1U);
  EXPECT_EQ(out<std::uint8_t>(DataType::uint8, {3, 7}, 3, 7), std::nullopt);
  EXPECT_EQ(out<std::uint8_t>(DataType::uint8, {8}, 3, 7), 0U);
}

TEST(ElementCheck, IntegersOfSixtyFourBitsAreComparedExactly) {
  constexpr std::int64_t kBig = (std::int64_t{1} << 53) + 1;  // no double is equal to it
  EXPECT_EQ(out<std::int64_t>(DataType::int64, {kBig}, 0, 0x1p53), 0U);
  EXPECT_EQ(out<std::int64_t>(DataType::int64, {kBig - 1}, 0, 0x1p53), std::nullopt);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(out<std::uint64_t>(DataType::uint64, {0, kMost}, 0, 0x1p64), std::nullopt);
  EXPECT_EQ(out<std::uint64_t>(DataType::uint64, {kMost}, 0, 0x1p63), 0U);
  EXPECT_EQ(out<std::int64_t>(DataType::int64, {std::numeric_limits<std::int64_t>::min()}, -0x1p63,
                              0x1p63),
            std::nullopt);
}

TEST(ElementCheck, BoundsBeyondTheTypeAdmitAllOrNothing) {
  EXPECT_EQ(out<std::int8_t>(DataType::int8, {-128, 127}, -1e300, 1e300), std::nullopt);
  EXPECT_EQ(out<std::int8_t>(DataType::int8, {127}, 128, 1e300), 0U);
  EXPECT_EQ(out<std::uint8_t>(DataType::uint8, {0}, -10, -1), 0U);
  EXPECT_EQ(out<std::int16_t>(DataType::int16, {0}, 0.25, 0.75), 0U);
  EXPECT_EQ(out<std::int16_t>(DataType::int16, {1}, 0.25, 1.75), std::nullopt);
}

TEST(ElementCheck, EveryHalfIsJudgedByItsValue) {
  for (unsigned bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const double value = half_value(half);
    const bool inside = value >= -0.5 && value <= 1000.25;
    ASSERT_EQ(out<std::uint16_t>(DataType::fp16, {half}, -0.5, 1000.25).has_value(), !inside)
        << bits;
    ASSERT_EQ(out<std::uint16_t>(DataType::fp16, {half}, value, value).has_value(),
              std::isnan(value))
        << bits;
    ASSERT_EQ(first_not_finite(DataType::fp16, bytes_of<std::uint16_t>({half})).has_value(),
              !std::isfinite(value))
        << bits;
  }
}

TEST(ElementCheck, FloatsAreJudgedAsTheyCompare) {
  std::mt19937 random(7);
  constexpr double kBounds[] = {-kInfinity, -1e300, -3.5, -0.1, -0.0, 0.0,      1e-320,
                                0.1,        1,      2.5,  3e38, 1e40, kInfinity};
  for (int round = 0; round < 100'000; ++round) {
    const double low = kBounds[random() % std::size(kBounds)];
    const double high = kBounds[random() % std::size(kBounds)];
    // Any bits at all, or one of the bounds.
    const double wide = random() % 2 == 0
                            ? std::bit_cast<double>(std::uint64_t{random()} << 32U | random())
                            : kBounds[random() % std::size(kBounds)];
    const float narrow = random() % 2 == 0
                             ? std::bit_cast<float>(static_cast<std::uint32_t>(random()))
                             : static_cast<float>(low);
    ASSERT_EQ(out<double>(DataType::fp64, {wide}, low, high).has_value(),
              !(wide >= low && wide <= high))
        << wide << ' ' << low << ' ' << high;
    ASSERT_EQ(out<float>(DataType::fp32, {narrow}, low, high).has_value(),
              !(narrow >= low && narrow <= high))
        << narrow << ' ' << low << ' ' << high;
  }
}

TEST(ElementCheck, FindsInfinitiesAndNans) {
  EXPECT_EQ(first_not_finite(DataType::fp32, bytes_of<float>({1, HUGE_VALF})), 1U);
  EXPECT_EQ(first_not_finite(DataType::fp32, bytes_of<float>({-HUGE_VALF})), 0U);
  EXPECT_EQ(first_not_finite(DataType::fp64, bytes_of<double>({0, 0, kNan})), 2U);
  EXPECT_EQ(
      first_not_finite(DataType::fp64, bytes_of<double>({std::numeric_limits<double>::max()})),
      std::nullopt);
  EXPECT_EQ(first_not_finite(DataType::int32, bytes_of<std::int32_t>({-1})), std::nullopt);
}

TEST(ElementCheck, ATypeThatIsNoneIsRefused) {
  EXPECT_EQ(first_out_of_range(DataType{99}, {}, {0, 1}), 0U);
  EXPECT_EQ(first_not_finite(DataType{99}, {}), 0U);
}

TEST(ElementCheck, FindsTheFirstBadElementAtEveryPlaceAndAlignment) {
  for (const std::size_t size : {1U, 63U, 64U, 65U, 128U, 200U}) {
    for (std::size_t bad = 0; bad < size; ++bad) {
      std::vector<float> values(size, 0.5F);
      values[bad] = 2;
      values[size - 1] = size - 1 == bad ? 2 : 3;
      Bytes shifted = bytes_of(values);
      shifted.insert(shifted.begin(), 0);
      const ByteView data = ByteView(shifted).subspan(1);
      ASSERT_EQ(first_out_of_range(DataType::fp32, data, {0, 1}), bad);
      values[bad] = HUGE_VALF;
      ASSERT_EQ(first_not_finite(DataType::fp32, bytes_of(values)), bad);
    }
  }
}

TEST(ElementAt, IsTheElementOfEveryType) {
  EXPECT_EQ(element_at(DataType::boolean, bytes_of<std::uint8_t>({0, 1}), 1), 1);
  EXPECT_EQ(element_at(DataType::int8, bytes_of<std::int8_t>({0, -3}), 1), -3);
  EXPECT_EQ(element_at(DataType::uint8, bytes_of<std::uint8_t>({0, 253}), 1), 253);
  EXPECT_EQ(element_at(DataType::int16, bytes_of<std::int16_t>({0, -300}), 1), -300);
  EXPECT_EQ(element_at(DataType::uint16, bytes_of<std::uint16_t>({0, 65'000}), 1), 65'000);
  EXPECT_EQ(element_at(DataType::int32, bytes_of<std::int32_t>({0, -70'000}), 1), -70'000);
  EXPECT_EQ(element_at(DataType::uint32, bytes_of<std::uint32_t>({0, 4'000'000'000}), 1), 4e9);
  EXPECT_EQ(element_at(DataType::int64, bytes_of<std::int64_t>({0, -1}), 1), -1);
  EXPECT_EQ(element_at(DataType::uint64, bytes_of<std::uint64_t>({0, 1ULL << 63U}), 1), 0x1p63);
  EXPECT_EQ(element_at(DataType::fp16, bytes_of<std::uint16_t>({0, 0xC500}), 1), -5);
  EXPECT_EQ(element_at(DataType::fp32, bytes_of<float>({0, 0.5F}), 1), 0.5);
  EXPECT_EQ(element_at(DataType::fp64, bytes_of<double>({0, 0.1}), 1), 0.1);
}

}  // namespace
}  // namespace vedette::inference::serving
