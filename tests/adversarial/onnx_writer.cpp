#include "onnx_writer.h"

#include <cstdint>
#include <initializer_list>
#include <string>

namespace vedette::testing {

namespace {

// --- protobuf wire format ---
using Message = std::string;

void put_varint(Message& to, std::uint64_t value) {
  while (value >= 0x80) {
    to += static_cast<char>(static_cast<unsigned char>(value | 0x80));
    value >>= 7U;
  }
  to += static_cast<char>(static_cast<unsigned char>(value));
}
Message number(unsigned field, std::uint64_t value) {
  Message out;
  put_varint(out, std::uint64_t{field} << 3U);
  put_varint(out, value);
  return out;
}
Message bytes(unsigned field, std::string_view value) {
  Message out;
  put_varint(out, (std::uint64_t{field} << 3U) | 2U);
  put_varint(out, value.size());
  out += value;
  return out;
}

constexpr std::uint64_t kFloat = 1;
constexpr std::uint64_t kInt64 = 7;
constexpr std::uint64_t kBool = 9;

// ValueInfoProto{1: name, 2: TypeProto{1: Tensor{1: elem_type, 2: shape}}}; dimensions are
// symbolic.
Message value_info(std::string_view name, std::uint64_t type, unsigned rank) {
  Message shape;
  for (unsigned i = 0; i < rank; ++i)
    shape += bytes(1, bytes(2, "n" + std::to_string(i)));
  const Message tensor = number(1, type) + bytes(2, shape);
  return bytes(1, name) + bytes(2, bytes(1, tensor));
}

// NodeProto{1: input*, 2: output*, 4: op_type, 5: attribute*}
Message node(std::string_view op, std::initializer_list<std::string_view> inputs,
             std::initializer_list<std::string_view> outputs, const Message& attributes = {}) {
  Message out;
  for (const auto input : inputs)
    out += bytes(1, input);
  for (const auto output : outputs)
    out += bytes(2, output);
  return out + bytes(4, op) + attributes;
}

// TensorProto{1: dims*, 2: data_type, 9: raw_data, 8: name}
Message scalar(std::string_view name, std::uint64_t type, std::string_view raw) {
  return number(2, type) + bytes(8, name) + bytes(9, raw);
}

// ModelProto{1: ir_version, 7: graph, 8: opset{2: version}}
Bytes model(const Message& graph) {
  return to_bytes(as_bytes(number(1, 8) + bytes(7, graph) + bytes(8, number(2, 13))));
}

Message little_endian(std::uint64_t value) {
  Message out;
  for (unsigned i = 0; i < 8; ++i)
    out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return out;
}

}  // namespace

// GraphProto{1: node*, 2: name, 5: initializer*, 11: input*, 12: output*}
Bytes add_model() {
  return model(bytes(1, node("Add", {"x", "x"}, {"y"})) + bytes(2, "add") +
               bytes(11, value_info("x", kFloat, 1)) + bytes(12, value_info("y", kFloat, 1)));
}

Bytes endless_loop_model() {
  // The body says "go on" for ever and doubles nothing: v_out = v_in + v_in.
  const Message body =
      bytes(1, node("Identity", {"go"}, {"go_on"})) + bytes(1, node("Add", {"v", "v"}, {"v_out"})) +
      bytes(2, "body") + bytes(11, value_info("turn", kInt64, 0)) +
      bytes(11, value_info("go", kBool, 0)) + bytes(11, value_info("v", kFloat, 1)) +
      bytes(12, value_info("go_on", kBool, 0)) + bytes(12, value_info("v_out", kFloat, 1));
  // AttributeProto{1: name, 6: g, 20: type = GRAPH(5)}
  const Message attribute = bytes(5, bytes(1, "body") + bytes(6, body) + number(20, 5));
  return model(bytes(1, node("Loop", {"turns", "true", "x"}, {"y"}, attribute)) +
               bytes(2, "endless") +
               bytes(5, scalar("turns", kInt64, little_endian(std::uint64_t{1} << 62U))) +
               bytes(5, scalar("true", kBool, std::string_view("\1", 1))) +
               bytes(11, value_info("x", kFloat, 1)) + bytes(12, value_info("y", kFloat, 1)));
}

Bytes external_data_model(std::string_view location) {
  // TensorProto{13: external_data{1: key, 2: value}, 14: data_location = EXTERNAL(1)}
  const Message weights = number(1, 4) + number(2, kFloat) + bytes(8, "w") +
                          bytes(13, bytes(1, "location") + bytes(2, location)) +
                          bytes(13, bytes(1, "offset") + bytes(2, "0")) +
                          bytes(13, bytes(1, "length") + bytes(2, "16")) + number(14, 1);
  return model(bytes(1, node("Add", {"x", "w"}, {"y"})) + bytes(2, "external") + bytes(5, weights) +
               bytes(11, value_info("x", kFloat, 1)) + bytes(12, value_info("y", kFloat, 1)));
}

Bytes expand_model() {
  return model(bytes(1, node("Expand", {"one", "shape"}, {"y"})) + bytes(2, "expand") +
               bytes(5, scalar("one", kFloat, std::string_view("\0\0\x80\x3F", 4))) +
               bytes(11, value_info("shape", kInt64, 1)) + bytes(12, value_info("y", kFloat, 1)));
}

}  // namespace vedette::testing
