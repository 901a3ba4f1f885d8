// As much of ONNX's protobuf messages (onnx/onnx.proto) as its test data needs, read strictly.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::testing {

// A TensorProto as plain bytes. Refuses ONNX-SYNTAX, and ONNX-TYPE for an element type that does
// not cross the cage (strings, bfloat16, complex numbers).
[[nodiscard]] Result<inference::Tensor> parse_tensor(ByteView proto);

// A node of a graph: what it does, and how many inputs it names.
struct NodeSummary {
  std::string op;
  std::size_t inputs = 0;
};

// The nodes of a ModelProto's own graph and of its functions, in order. Refuses ONNX-SYNTAX.
[[nodiscard]] Result<std::vector<NodeSummary>> nodes_of(ByteView model);

}  // namespace vedette::testing
