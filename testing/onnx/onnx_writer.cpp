#include "testing/onnx_writer.h"

namespace vedette::testing {

namespace onnx {

Message varint(std::uint64_t value) {
  Message out;
  while (value >= 0x80) {
    out += static_cast<char>(static_cast<unsigned char>(value | 0x80));
    value >>= 7U;
  }
  out += static_cast<char>(static_cast<unsigned char>(value));
  return out;
}

Message number(unsigned field, std::uint64_t value) {
  return varint(std::uint64_t{field} << 3U) + varint(value);
}

Message bytes(unsigned field, std::string_view value) {
  return (varint((std::uint64_t{field} << 3U) | 2U) + varint(value.size())).append(value);
}

Message little_endian(const std::vector<std::int64_t>& values) {
  Message out;
  for (const std::int64_t value : values)
    for (unsigned i = 0; i < 8; ++i)
      out += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xFFU);
  return out;
}

// ValueInfoProto{1: name, 2: TypeProto{1: Tensor{1: elem_type, 2: shape}}}
// TensorShapeProto{1: Dimension{1: dim_value, 2: dim_param}*}
Message value_info(std::string_view name, std::uint64_t type,
                   const std::vector<std::int64_t>& shape) {
  Message dimensions;
  for (std::size_t i = 0; i < shape.size(); ++i)
    dimensions += bytes(1, shape[i] == -1 ? bytes(2, "n" + std::to_string(i))
                                          : number(1, static_cast<std::uint64_t>(shape[i])));
  const Message tensor = number(1, type) + bytes(2, dimensions);
  return bytes(1, name) + bytes(2, bytes(1, tensor));
}

// TensorProto{1: dims*, 2: data_type, 8: name, 9: raw_data}
Message tensor(std::string_view name, std::uint64_t type, const std::vector<std::int64_t>& shape,
               std::string_view raw) {
  Message out;
  for (const std::int64_t dimension : shape)
    out += number(1, static_cast<std::uint64_t>(dimension));
  return out + number(2, type) + bytes(8, name) + bytes(9, raw);
}

// TensorProto{13: external_data{1: key, 2: value}*, 14: data_location = EXTERNAL(1)}
Message external_tensor(std::string_view name, std::string_view location) {
  return number(1, 4) + number(2, kFloat) + bytes(8, name) +
         bytes(13, bytes(1, "location") + bytes(2, location)) +
         bytes(13, bytes(1, "offset") + bytes(2, "0")) +
         bytes(13, bytes(1, "length") + bytes(2, "16")) + number(14, 1);
}

// NodeProto{1: input*, 2: output*, 4: op_type, 5: attribute*, 7: domain}
Message node(std::string_view op, Names inputs, Names outputs, std::string_view rest) {
  Message out;
  for (const auto input : inputs)
    out += bytes(1, input);
  for (const auto output : outputs)
    out += bytes(2, output);
  return (out + bytes(4, op)).append(rest);
}

Message domain(std::string_view name) {
  return bytes(7, name);
}

// AttributeProto{1: name, 3: i, 5: t, 6: g, 20: type}
Message attribute(std::string_view name, std::int64_t value) {
  return bytes(5, bytes(1, name) + number(3, static_cast<std::uint64_t>(value)) + number(20, 2));
}
Message tensor_attribute(std::string_view name, std::string_view tensor) {
  return bytes(5, bytes(1, name) + bytes(5, tensor) + number(20, 4));
}
Message graph_attribute(std::string_view name, std::string_view graph) {
  return bytes(5, bytes(1, name) + bytes(6, graph) + number(20, 5));
}

// GraphProto{1: node*, 2: name, 5: initializer*, 11: input*, 12: output*}
Message add_node(std::string_view node) {
  return bytes(1, node);
}
Message add_initializer(std::string_view tensor) {
  return bytes(5, tensor);
}
Message add_input(std::string_view value_info) {
  return bytes(11, value_info);
}
Message add_output(std::string_view value_info) {
  return bytes(12, value_info);
}

// ModelProto{1: ir_version, 7: graph, 8: opset_import{1: domain, 2: version}*}
Bytes model(std::string_view graph, std::string_view rest) {
  return to_bytes((number(1, 8) + bytes(7, graph) + import("", 13)).append(rest));
}
Message import(std::string_view domain, std::uint64_t version) {
  return bytes(8, (domain.empty() ? Message{} : bytes(1, domain)) + number(2, version));
}

}  // namespace onnx

using namespace onnx;

Bytes add_model() {
  return model(add_node(node("Add", {"x", "x"}, {"y"})) + bytes(2, "add") +
               add_input(value_info("x", kFloat, {-1})) +
               add_output(value_info("y", kFloat, {-1})));
}

namespace {

// Says "go on" for ever and doubles nothing: v_out = v_in + v_in.
Message loop_over_x() {
  const Message body =
      add_node(node("Identity", {"go"}, {"go_on"})) + add_node(node("Add", {"v", "v"}, {"v_out"})) +
      bytes(2, "body") + add_input(value_info("turn", kInt64, {})) +
      add_input(value_info("go", kBool, {})) + add_input(value_info("v", kFloat, {-1})) +
      add_output(value_info("go_on", kBool, {})) + add_output(value_info("v_out", kFloat, {-1}));
  return add_node(node("Loop", {"turns", "true", "x"}, {"y"}, graph_attribute("body", body)));
}

}  // namespace

Bytes counted_loop_model() {
  return model(loop_over_x() + bytes(2, "counted") +
               add_initializer(tensor("true", kBool, {}, std::string_view("\1", 1))) +
               add_input(value_info("turns", kInt64, {})) +
               add_input(value_info("x", kFloat, {-1})) +
               add_output(value_info("y", kFloat, {-1})));
}

Bytes endless_loop_model() {
  return model(
      loop_over_x() + bytes(2, "endless") +
      add_initializer(tensor("turns", kInt64, {}, little_endian({std::int64_t{1} << 62U}))) +
      add_initializer(tensor("true", kBool, {}, std::string_view("\1", 1))) +
      add_input(value_info("x", kFloat, {-1})) + add_output(value_info("y", kFloat, {-1})));
}

Bytes external_data_model(std::string_view location) {
  return model(add_node(node("Add", {"x", "w"}, {"y"})) + bytes(2, "external") +
               add_initializer(external_tensor("w", location)) +
               add_input(value_info("x", kFloat, {-1})) +
               add_output(value_info("y", kFloat, {-1})));
}

Bytes expand_model() {
  return model(add_node(node("Expand", {"one", "shape"}, {"y"})) + bytes(2, "expand") +
               add_initializer(tensor("one", kFloat, {}, std::string_view("\0\0\x80\x3F", 4))) +
               add_input(value_info("shape", kInt64, {-1})) +
               add_output(value_info("y", kFloat, {-1})));
}

}  // namespace vedette::testing
