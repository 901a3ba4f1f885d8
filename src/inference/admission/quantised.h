// Operators whose attributes say how large their packed weights are, and whose kernels believe it.
#pragma once

#include "inference/admission/node_scan.h"
#include "inference/admission/scope.h"

namespace vedette::inference::admission {

// com.microsoft.MatMulNBits: K, N, bits and block_size against B, scales, zero_points, g_idx and
// bias, all of which must be stored in the model. Refuses ADM-SHAPE. Every other node passes.
[[nodiscard]] Result<void> check_packed_weights(const ScannedNode& node, const Scope& scope);

}  // namespace vedette::inference::admission
