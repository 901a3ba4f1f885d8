#include "inference/admission/element.h"

#include <algorithm>
#include <array>

namespace vedette::inference::admission {
namespace {

using enum TypedField;

constexpr std::array kElements = {
    Element{1, "FLOAT", 32, float_data, 1, 1, DataType::fp32},
    Element{2, "UINT8", 8, int32_data, 1, 1, DataType::uint8},
    Element{3, "INT8", 8, int32_data, 1, 1, DataType::int8},
    Element{4, "UINT16", 16, int32_data, 1, 1, DataType::uint16},
    Element{5, "INT16", 16, int32_data, 1, 1, DataType::int16},
    Element{6, "INT32", 32, int32_data, 1, 1, DataType::int32},
    Element{7, "INT64", 64, int64_data, 1, 1, DataType::int64},
    Element{8, "STRING", 0, string_data, 1, 1, std::nullopt},
    Element{9, "BOOL", 8, int32_data, 1, 1, DataType::boolean},
    Element{10, "FLOAT16", 16, int32_data, 1, 1, DataType::fp16},
    Element{11, "DOUBLE", 64, double_data, 1, 1, DataType::fp64},
    Element{12, "UINT32", 32, uint64_data, 1, 1, DataType::uint32},
    Element{13, "UINT64", 64, uint64_data, 1, 1, DataType::uint64},
    Element{14, "COMPLEX64", 64, float_data, 1, 2, std::nullopt},
    Element{15, "COMPLEX128", 128, double_data, 1, 2, std::nullopt},
    Element{16, "BFLOAT16", 16, int32_data, 1, 1, std::nullopt},
    Element{17, "FLOAT8E4M3FN", 8, int32_data, 1, 1, std::nullopt},
    Element{18, "FLOAT8E4M3FNUZ", 8, int32_data, 1, 1, std::nullopt},
    Element{19, "FLOAT8E5M2", 8, int32_data, 1, 1, std::nullopt},
    Element{20, "FLOAT8E5M2FNUZ", 8, int32_data, 1, 1, std::nullopt},
    Element{21, "UINT4", 4, int32_data, 2, 1, std::nullopt},
    Element{22, "INT4", 4, int32_data, 2, 1, std::nullopt},
    Element{23, "FLOAT4E2M1", 4, int32_data, 2, 1, std::nullopt},
    Element{24, "FLOAT8E8M0", 8, int32_data, 1, 1, std::nullopt},
    Element{25, "UINT2", 2, int32_data, 4, 1, std::nullopt},
    Element{26, "INT2", 2, int32_data, 4, 1, std::nullopt},
};

constexpr std::uint64_t kStringOctets = 32;  // a std::string of the runtime, without its text

}  // namespace

const Element* element_of(std::int32_t number) {
  const auto* const row = std::ranges::find(kElements, number, &Element::number);
  return row == kElements.end() ? nullptr : row;
}

Result<std::uint64_t> count_elements(std::span<const std::int64_t> shape, Negative negative) {
  if (shape.size() > kMaxModelRank)
    return refuse("ADM-SHAPE", "a tensor of the model has too many dimensions",
                  std::to_string(shape.size()) + ", at most " + std::to_string(kMaxModelRank));
  std::uint64_t count = 1;
  bool empty = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0 && negative == Negative::counts_as_one) continue;
    if (dimension < 0)
      return refuse("ADM-SHAPE", "a tensor of the model has a negative dimension",
                    describe_shape(shape));
    if (dimension == 0) {
      empty = true;
      continue;
    }
    if (static_cast<std::uint64_t>(dimension) > kMaxElements / count)
      return refuse("ADM-SHAPE", "a tensor of the model is impossibly large",
                    describe_shape(shape));
    count *= static_cast<std::uint64_t>(dimension);
  }
  return empty ? 0 : count;
}

std::uint64_t octets_of(const Element& element, std::uint64_t count) {
  if (element.bits == 0) return count * kStringOctets;
  return (count * element.bits + 7) / 8;
}

std::string describe_shape(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size() && i < kMaxModelRank; ++i) {
    if (i != 0) text += ',';
    text += shape[i] == -1 ? "?" : std::to_string(shape[i]);
  }
  return text + ']';
}

}  // namespace vedette::inference::admission
