#include "onnx_proto.h"

#include <cstring>
#include <optional>

namespace vedette::testing {

namespace {

using inference::DataType;
using inference::Tensor;

constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kFixed64 = 1;
constexpr std::uint64_t kBytes = 2;
constexpr std::uint64_t kFixed32 = 5;

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("ONNX-SYNTAX", "the protobuf message is malformed", std::move(cause));
}

// One field of a message: a number, or bytes.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t wire = 0;
  std::uint64_t value = 0;
  ByteView bytes;
};

class Message {
 public:
  explicit Message(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  [[nodiscard]] Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const std::uint8_t octet = rest_.front();
      rest_ = rest_.subspan(1);
      value |= std::uint64_t{octet & 0x7FU} << shift;
      if ((octet & 0x80U) == 0) return value;
    }
    return refuse_syntax("a number that does not end");
  }

  [[nodiscard]] Result<ByteView> take(std::uint64_t count) {
    if (count > rest_.size()) return refuse_syntax("a field that does not end");
    const ByteView taken = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  [[nodiscard]] Result<Field> next() {
    VEDETTE_TRY(const std::uint64_t key, varint());
    Field field;
    field.number = key >> 3U;
    field.wire = key & 7U;
    if (field.wire == kVarint) {
      VEDETTE_TRY(field.value, varint());
    } else if (field.wire == kBytes) {
      VEDETTE_TRY(const std::uint64_t size, varint());
      VEDETTE_TRY(field.bytes, take(size));
    } else if (field.wire == kFixed32 || field.wire == kFixed64) {
      VEDETTE_TRY(field.bytes, take(field.wire == kFixed32 ? 4 : 8));
    } else {
      return refuse_syntax("wire type " + std::to_string(field.wire));
    }
    return field;
  }

 private:
  ByteView rest_;
};

// TensorProto.DataType
std::optional<DataType> type_of(std::uint64_t number) {
  switch (number) {
    case 1:
      return DataType::fp32;
    case 2:
      return DataType::uint8;
    case 3:
      return DataType::int8;
    case 4:
      return DataType::uint16;
    case 5:
      return DataType::int16;
    case 6:
      return DataType::int32;
    case 7:
      return DataType::int64;
    case 9:
      return DataType::boolean;
    case 10:
      return DataType::fp16;
    case 11:
      return DataType::fp64;
    case 12:
      return DataType::uint32;
    case 13:
      return DataType::uint64;
    default:
      return std::nullopt;
  }
}

// A tensor's parts as they come; one of the value lists is used.
struct Parts {
  std::vector<std::int64_t> dims;
  std::uint64_t type = 0;
  std::string name;
  std::optional<Bytes> raw;          // field 9
  Bytes fixed;                       // float_data (4), double_data (10): little-endian already
  std::vector<std::uint64_t> words;  // int32_data (5), int64_data (7), uint64_data (11)
};

// A repeated number, alone or packed.
Result<void> add_numbers(const Field& field, std::vector<std::uint64_t>& to) {
  if (field.wire == kVarint) {
    to.push_back(field.value);
    return {};
  }
  if (field.wire != kBytes) return refuse_syntax("a number of another wire type");
  for (Message packed(field.bytes); !packed.done();) {
    VEDETTE_TRY(const std::uint64_t value, packed.varint());
    to.push_back(value);
  }
  return {};
}

Result<void> add_dimensions(const Field& field, std::vector<std::int64_t>& to) {
  std::vector<std::uint64_t> numbers;
  VEDETTE_CHECK(add_numbers(field, numbers));
  for (const std::uint64_t number : numbers)
    to.push_back(static_cast<std::int64_t>(number));
  return {};
}

Result<void> add_field(const Field& field, Parts& parts) {
  switch (field.number) {
    case 1:
      return add_dimensions(field, parts.dims);
    case 2:
      parts.type = field.value;
      return {};
    case 4:
    case 10:
      append(parts.fixed, field.bytes);
      return {};
    case 5:
    case 7:
    case 11:
      return add_numbers(field, parts.words);
    case 8:
      parts.name = as_text(field.bytes);
      return {};
    case 9:
      parts.raw = to_bytes(field.bytes);
      return {};
    case 6:   // string_data: the type says so too
    case 12:  // doc_string
      return {};
    default:
      return refuse_syntax("a tensor's field " + std::to_string(field.number));
  }
}

Bytes data_of(const Parts& parts, DataType type) {
  if (parts.raw) return *parts.raw;
  if (!parts.fixed.empty()) return parts.fixed;
  const std::size_t width = element_size(type);
  Bytes data;
  for (const std::uint64_t word : parts.words)
    for (std::size_t i = 0; i < width; ++i)
      data.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
  return data;
}

Result<void> add_nodes(ByteView graph, std::uint64_t node_field, std::vector<NodeSummary>& to) {
  for (Message message(graph); !message.done();) {
    VEDETTE_TRY(const Field field, message.next());
    if (field.number != node_field) continue;
    NodeSummary node;
    for (Message inner(field.bytes); !inner.done();) {
      VEDETTE_TRY(const Field part, inner.next());
      if (part.number == 1) ++node.inputs;
      if (part.number == 4) node.op = as_text(part.bytes);
    }
    to.push_back(std::move(node));
  }
  return {};
}

}  // namespace

Result<Tensor> parse_tensor(ByteView proto) {
  Parts parts;
  for (Message message(proto); !message.done();) {
    VEDETTE_TRY(const Field field, message.next());
    VEDETTE_CHECK(add_field(field, parts));
  }
  const auto type = type_of(parts.type);
  if (!type)
    return refuse("ONNX-TYPE", "an element type that does not cross the cage",
                  "type " + std::to_string(parts.type));
  Tensor tensor{std::move(parts.name), *type, std::move(parts.dims), data_of(parts, *type)};
  VEDETTE_TRY(const std::uint64_t size, inference::byte_size(tensor.type, tensor.shape));
  if (size != tensor.data.size())
    return refuse_syntax("a tensor of " + std::to_string(tensor.data.size()) + " bytes for " +
                         describe(tensor.type, tensor.shape));
  return tensor;
}

Result<std::vector<NodeSummary>> nodes_of(ByteView model) {
  constexpr std::uint64_t kGraph = 7;       // ModelProto.graph; GraphProto.node = 1
  constexpr std::uint64_t kFunctions = 25;  // ModelProto.functions; FunctionProto.node = 7
  std::vector<NodeSummary> nodes;
  for (Message message(model); !message.done();) {
    VEDETTE_TRY(const Field field, message.next());
    if (field.number == kGraph) VEDETTE_CHECK(add_nodes(field.bytes, 1, nodes));
    if (field.number == kFunctions) VEDETTE_CHECK(add_nodes(field.bytes, 7, nodes));
  }
  return nodes;
}

}  // namespace vedette::testing
