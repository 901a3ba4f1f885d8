// Small ONNX models, written as protobuf by hand (onnx/onnx.proto, field numbers in the source).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace vedette::testing {

// y = x + x over FP32[n].
Bytes add_model();

// y = x doubled `turns` times, an INT64 without dimensions: its time tells of its input.
Bytes counted_loop_model();

// Copies x to y, but only after a Loop of 2^62 turns: never.
Bytes endless_loop_model();

// A model whose initializer claims to lie in the file `location` ("passwd", "/etc/passwd", ...).
Bytes external_data_model(std::string_view location);

// Makes an FP32[n] of any size from the input: Expand(1, shape). A memory bomb on demand.
Bytes expand_model();

// The pieces, for models that are wrong on purpose. A Message is the inside of one: wrap it with
// bytes(field, message) to put it into another.
namespace onnx {

using Message = std::string;
using Names = std::initializer_list<std::string_view>;

inline constexpr std::uint64_t kFloat = 1;
inline constexpr std::uint64_t kUint8 = 2;
inline constexpr std::uint64_t kInt64 = 7;
inline constexpr std::uint64_t kString = 8;
inline constexpr std::uint64_t kBool = 9;

Message varint(std::uint64_t value);
Message number(unsigned field, std::uint64_t value);
Message bytes(unsigned field, std::string_view value);

// Eight octets each, as raw_data has them.
Message little_endian(const std::vector<std::int64_t>& values);

// ValueInfoProto of a dense tensor; a dimension of -1 is symbolic.
Message value_info(std::string_view name, std::uint64_t type,
                   const std::vector<std::int64_t>& shape);
// TensorProto with raw data.
Message tensor(std::string_view name, std::uint64_t type, const std::vector<std::int64_t>& shape,
               std::string_view raw);
// TensorProto whose data lie in another file.
Message external_tensor(std::string_view name, std::string_view location);
// NodeProto; `rest` are further fields of it, such as attributes.
Message node(std::string_view op, Names inputs, Names outputs, std::string_view rest = {});
Message domain(std::string_view name);  // a field of NodeProto
// AttributeProto as a field of NodeProto.
Message attribute(std::string_view name, std::int64_t value);
Message tensor_attribute(std::string_view name, std::string_view tensor);
Message graph_attribute(std::string_view name, std::string_view graph);

// Fields of GraphProto.
Message add_node(std::string_view node);
Message add_initializer(std::string_view tensor);
Message add_input(std::string_view value_info);
Message add_output(std::string_view value_info);

// ModelProto of IR version 8 and operator set 13; `rest` are further fields of it.
Bytes model(std::string_view graph, std::string_view rest = {});
// An entry of ModelProto.opset_import.
Message import(std::string_view domain, std::uint64_t version);

}  // namespace onnx

}  // namespace vedette::testing
