// Golden pairs: does this worker's model answer as its author saw it answer?
#pragma once

#include <chrono>
#include <span>

#include "base/error.h"
#include "inference/serving/replica.h"
#include "release/runtime_contract.h"

namespace vedette::agent {

// Makes each pair's call, each within `deadline`. Refuses AGT-CONTRACT-GOLDEN for an answer that
// lacks a tensor, has another type or shape, or an element that differs by more than the tolerance,
// and for a call that the model refuses; a worker's death as it is.
[[nodiscard]] Result<void> check_golden(inference::serving::Replica& replica,
                                        std::span<const release::GoldenPair> pairs,
                                        std::chrono::microseconds deadline);

}  // namespace vedette::agent
