// The `parameters` of an infer request, at the three places where the protocol has them. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "codec/json.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {

// Each takes the object that may hold `parameters`, and refuses OIP-REQUEST when they are no object
// and OIP-PARAMETER when one of them has a value it cannot have, or a meaning that is not offered.

// Sets default_form, timeout and priority.
[[nodiscard]] Result<void> read_request_parameters(const codec::Json& body, InferRequest& request);
// `binary_data_size`, none when the data come as JSON.
[[nodiscard]] Result<std::optional<std::uint64_t>> read_input_parameters(const codec::Json& input);
// `binary_data` goes before the request's `binary_data_output`.
[[nodiscard]] Result<OutputForm> read_output_parameters(const codec::Json& output,
                                                        OutputForm default_form);

}  // namespace vedette::inference
