// The standard operators (ai.onnx, opset 21 and older): which a model may use by default.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace vedette::inference::admission {

struct OperatorRow {
  std::string_view name;
  std::string_view left_out;  // why it is not allowed by default; empty: it is allowed
};

// Sorted by name; complete.
[[nodiscard]] std::span<const OperatorRow> standard_operators();

// nullptr if there is no standard operator of this name.
[[nodiscard]] const OperatorRow* standard_operator(std::string_view name);

}  // namespace vedette::inference::admission
