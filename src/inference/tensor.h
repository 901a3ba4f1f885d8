// Tensors as everything around the engine passes them: a name, a type, a shape and plain bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::inference {

// The element types that cross the cage. Strings do not: they have no fixed size.
enum class DataType : std::uint8_t {
  boolean = 1,  // one octet, 0 or 1
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  fp16,
  fp32,
  fp64,
};

inline constexpr std::size_t kMaxTensorName = 128;  // octets
inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::size_t kMaxTensors = 64;  // per request or reply; also per model side

// Octets of one element; 0 for a value that is no enumerator.
[[nodiscard]] std::size_t element_size(DataType type);

// The spelling of the Open Inference Protocol v2: BOOL, INT8 .. INT64, UINT8 .. UINT64, FP16 ..
// FP64.
[[nodiscard]] std::string_view name_of(DataType type);
[[nodiscard]] std::optional<DataType> data_type_from_name(std::string_view name);
// From a number that a stranger wrote.
[[nodiscard]] std::optional<DataType> data_type_from_number(std::uint32_t number);

// 1 to kMaxTensorName octets of UTF-8 without control characters.
[[nodiscard]] bool is_tensor_name(std::string_view name);

// A dense tensor in row-major order, host byte order. A scalar has an empty shape and one element.
struct Tensor {
  std::string name;
  DataType type = DataType::fp32;
  std::vector<std::int64_t> shape;
  Bytes data;

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

// A tensor whose bytes lie elsewhere (in shared memory, or in the runtime's).
struct TensorView {
  std::string name;
  DataType type = DataType::fp32;
  std::vector<std::int64_t> shape;
  ByteView data;
};

// A tensor named by its place among the inputs or outputs that a model declares. Owns nothing.
struct IndexedTensor {
  std::uint32_t index = 0;
  DataType type = DataType::fp32;
  std::span<const std::int64_t> shape;
  ByteView data;
};

// What a model declares of one input or output; -1 is a dimension that each call chooses.
struct TensorInfo {
  std::string name;
  DataType type = DataType::fp32;
  std::vector<std::int64_t> shape;

  friend bool operator==(const TensorInfo&, const TensorInfo&) = default;
};

struct ModelMetadata {
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;

  friend bool operator==(const ModelMetadata&, const ModelMetadata&) = default;
};

// Octets that a tensor of this type and shape occupies. Refuses INF-SHAPE: a rank above kMaxRank, a
// negative dimension, or a size beyond 2^48 (no product wraps on the way there).
[[nodiscard]] Result<std::uint64_t> byte_size(DataType type, std::span<const std::int64_t> shape);

// Refuses INF-NAME (see is_tensor_name), INF-SHAPE, and INF-DATA when the
// bytes are not exactly as many as type and shape say, or a boolean is neither 0 nor 1.
[[nodiscard]] Result<void> check_tensor_view(const TensorView& tensor);
[[nodiscard]] Result<void> check_tensor(const Tensor& tensor);

// Copies the bytes, which the result then owns.
[[nodiscard]] Tensor to_tensor(const TensorView& view);

// `FP32[1,512]`, for messages.
[[nodiscard]] std::string describe(DataType type, std::span<const std::int64_t> shape);

}  // namespace vedette::inference
