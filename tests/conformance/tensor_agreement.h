// When two tensors are the same for ONNX: exactly for integers, within tolerances for floats.
#pragma once

#include <string>

#include "inference/tensor.h"

namespace vedette::testing {

// Floats may differ by absolute + relative * |expected|: the tolerances of ONNX's own backend test.
struct Tolerance {
  double absolute = 1e-7;
  double relative = 1e-3;
};

// For sums over a whole axis, whose rounding depends on the largest value and not on their own: an
// absolute tolerance of 1e-5 times that. As by default for a tensor of no floats.
[[nodiscard]] Tolerance tolerance_for_sums(const inference::Tensor& expected);

// Why `actual` is not `expected`, or an empty text. Types and shapes must be equal, integers and
// booleans too; NaN agrees with NaN alone.
[[nodiscard]] std::string disagreement(const inference::Tensor& actual,
                                       const inference::Tensor& expected,
                                       const Tolerance& tolerance = {});

}  // namespace vedette::testing
