#include "inference/tensor.h"

#include <algorithm>
#include <array>

#include "codec/utf8.h"

namespace vedette::inference {

namespace {

struct TypeRow {
  DataType type;
  std::string_view name;
  std::size_t size;
};

// In the order of the enumerators, the first of which is 1.
constexpr std::array kTypes = {
    TypeRow{DataType::boolean, "BOOL", 1},  TypeRow{DataType::int8, "INT8", 1},
    TypeRow{DataType::int16, "INT16", 2},   TypeRow{DataType::int32, "INT32", 4},
    TypeRow{DataType::int64, "INT64", 8},   TypeRow{DataType::uint8, "UINT8", 1},
    TypeRow{DataType::uint16, "UINT16", 2}, TypeRow{DataType::uint32, "UINT32", 4},
    TypeRow{DataType::uint64, "UINT64", 8}, TypeRow{DataType::fp16, "FP16", 2},
    TypeRow{DataType::fp32, "FP32", 4},     TypeRow{DataType::fp64, "FP64", 8},
};

constexpr std::uint64_t kMaxTensorBytes = std::uint64_t{1} << 48U;

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (static_cast<std::size_t>(kTypes.at(i).type) != i + 1) return false;
  return true;
}
static_assert(is_in_order());

const TypeRow* row_of(DataType type) {
  const std::size_t at = static_cast<std::size_t>(type) - 1;  // 0 wraps
  return at < kTypes.size() ? &kTypes.at(at) : nullptr;
}

}  // namespace

std::size_t element_size(DataType type) {
  const TypeRow* const row = row_of(type);
  return row == nullptr ? 0 : row->size;
}

std::string_view name_of(DataType type) {
  const TypeRow* const row = row_of(type);
  return row == nullptr ? "UNKNOWN" : row->name;
}

std::optional<DataType> data_type_from_name(std::string_view name) {
  const auto* const row = std::ranges::find(kTypes, name, &TypeRow::name);
  if (row == kTypes.end()) return std::nullopt;
  return row->type;
}

std::optional<DataType> data_type_from_number(std::uint32_t number) {
  if (number == 0 || number > kTypes.size()) return std::nullopt;
  return kTypes.at(number - 1).type;
}

bool is_tensor_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTensorName && codec::is_utf8(name) &&
         !codec::has_control_character(name);
}

std::string describe(DataType type, std::span<const std::int64_t> shape) {
  std::string text(name_of(type));
  text += '[';
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) text += ',';
    text += std::to_string(shape[i]);
  }
  return text + ']';
}

Result<std::uint64_t> byte_size(DataType type, std::span<const std::int64_t> shape) {
  if (shape.size() > kMaxRank)
    return refuse("INF-SHAPE", "a tensor has too many dimensions", std::to_string(shape.size()));
  std::uint64_t size = element_size(type);
  if (size == 0) return refuse("INF-SHAPE", "a tensor has an unknown element type");
  if (std::ranges::any_of(shape, [](std::int64_t dimension) { return dimension < 0; }))
    return refuse("INF-SHAPE", "a tensor has a negative dimension", describe(type, shape));
  // A zero anywhere makes the tensor empty, however large its other dimensions are.
  if (std::ranges::find(shape, std::int64_t{0}) != shape.end()) return std::uint64_t{0};
  for (const std::int64_t dimension : shape) {
    const auto factor = static_cast<std::uint64_t>(dimension);
    if (__builtin_mul_overflow(size, factor, &size) || size > kMaxTensorBytes)
      return refuse("INF-SHAPE", "a tensor is too large", describe(type, shape));
  }
  return size;
}

namespace {

Result<void> check_parts(std::string_view name, DataType type, std::span<const std::int64_t> shape,
                         ByteView data) {
  if (!is_tensor_name(name))
    return refuse("INF-NAME", "a tensor's name is empty, too long or not plain UTF-8");
  VEDETTE_TRY(const std::uint64_t size, byte_size(type, shape));
  if (size != data.size())
    return refuse("INF-DATA", "a tensor's bytes do not fit its shape",
                  std::string(name) + ": " + describe(type, shape) + " needs " +
                      std::to_string(size) + " bytes, has " + std::to_string(data.size()));
  if (type == DataType::boolean &&
      std::ranges::any_of(data, [](std::uint8_t octet) { return octet > 1; }))
    return refuse("INF-DATA", "a boolean is neither 0 nor 1", std::string(name));
  return {};
}

}  // namespace

Result<void> check_tensor_view(const TensorView& tensor) {
  return check_parts(tensor.name, tensor.type, tensor.shape, tensor.data);
}

Result<void> check_tensor(const Tensor& tensor) {
  return check_parts(tensor.name, tensor.type, tensor.shape, tensor.data);
}

Tensor to_tensor(const TensorView& view) {
  return {view.name, view.type, view.shape, to_bytes(view.data)};
}

}  // namespace vedette::inference
