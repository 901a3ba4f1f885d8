// Small ONNX models, written as protobuf by hand (onnx/onnx.proto, field numbers in the source).
#pragma once

#include "base/bytes.h"

namespace vedette::testing {

// y = x + x over FP32[n].
Bytes add_model();

// Copies x to y, but only after a Loop of 2^62 turns: never.
Bytes endless_loop_model();

// A model whose initializer claims to lie in the file `location` ("passwd", "/etc/passwd", ...).
Bytes external_data_model(std::string_view location);

// Makes an FP32[n] of any size from the input: Expand(1, shape). A memory bomb on demand.
Bytes expand_model();

}  // namespace vedette::testing
