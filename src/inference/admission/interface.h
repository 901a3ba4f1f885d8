// Inputs and outputs of a model, as they cross the cage.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "inference/admission/value_scan.h"
#include "inference/tensor.h"

namespace vedette::inference::admission {

// The inputs, or the outputs, of the main graph. Refuses ADM-IO: over kMaxTensors of them; a bad
// tensor name; another thing than a dense tensor of a type and rank that cross the cage; not what
// is `declared`.
[[nodiscard]] Result<std::vector<TensorInfo>> interface_of(
    std::span<const ValueInfo> values, const std::optional<std::vector<TensorInfo>>& declared);

// Octets of one call's tensors at least; unknown dimensions count as 1.
[[nodiscard]] std::uint64_t octets_of_interface(std::span<const TensorInfo> tensors);

}  // namespace vedette::inference::admission
