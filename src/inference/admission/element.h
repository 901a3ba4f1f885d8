// Element types of ONNX (TensorProto.DataType) and sizes of what is made of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::inference::admission {

// The field of TensorProto that holds elements one by one.
enum class TypedField : std::uint8_t {
  float_data = 4,
  int32_data = 5,
  string_data = 6,
  int64_data = 7,
  double_data = 10,
  uint64_data = 11,
};

struct Element {
  std::int32_t number;              // TensorProto.DataType
  std::string_view name;            // as onnx.proto spells it
  unsigned bits;                    // in raw_data and in memory; 0 for strings
  TypedField field;                 // where single elements lie
  unsigned per_entry;               // elements in one entry of that field, or
  unsigned entries;                 // entries for one element (complex numbers); one of both is 1
  std::optional<DataType> crosses;  // what it is called outside, if it may cross the cage
};

// nullptr for UNDEFINED and for numbers that onnx.proto does not know.
[[nodiscard]] const Element* element_of(std::int32_t number);

inline constexpr std::int32_t kFloat = 1;
inline constexpr std::int32_t kUint8 = 2;
inline constexpr std::int32_t kInt64 = 7;
inline constexpr std::int32_t kString = 8;

inline constexpr std::size_t kMaxModelRank = 16;
inline constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 40U;  // of one tensor

// The number of elements. Refuses ADM-SHAPE: a rank above kMaxModelRank; a negative dimension,
// unless those stand for unknown ones and count as one; a dimension or a product above kMaxElements
// (also beside a dimension of zero).
enum class Negative : std::uint8_t { refused, counts_as_one };
[[nodiscard]] Result<std::uint64_t> count_elements(std::span<const std::int64_t> shape,
                                                   Negative negative);

// Octets of so many elements; strings count as their 32 octets of bookkeeping.
[[nodiscard]] std::uint64_t octets_of(const Element& element, std::uint64_t count);

// `[1,?,512]`
[[nodiscard]] std::string describe_shape(std::span<const std::int64_t> shape);

}  // namespace vedette::inference::admission
