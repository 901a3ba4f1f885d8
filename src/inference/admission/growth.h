// How large the result of a node is at least, where constants of the model say so.
#pragma once

#include <cstdint>
#include <optional>

#include "inference/admission/node_scan.h"
#include "inference/admission/scope.h"

namespace vedette::inference::admission {

// The type of the first output of a node that makes large tensors out of small ones: Constant,
// ConstantOfShape, Expand, Tile, Resize and Upsample, Range. Nothing known for every other
// operator, and where the model computes the sizes. Refuses ADM-SHAPE (a negative size) and
// ADM-MEMORY (more than kMaxElements).
[[nodiscard]] Result<Value> result_of(const ScannedNode& node, const Scope& scope);

// Octets that a value of this type takes at least; unknown dimensions count as 1.
[[nodiscard]] Result<std::uint64_t> octets_at_least(const ValueType& type);

}  // namespace vedette::inference::admission
