// A tensor's data in JSON: numbers in, octets out, and back. Pure.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "codec/json.h"
#include "inference/tensor.h"

namespace vedette::inference {

// The octets of `data`, flat or nested exactly as the shape says. `tensor` gives name, type and
// shape; `size` is what byte_size() says of them. Refuses OIP-REQUEST (no array), OIP-SHAPE,
// OIP-VALUE (a number that the type cannot hold) and OIP-DATATYPE (FP16 has no JSON form).
[[nodiscard]] Result<Bytes> read_json_data(const TensorView& tensor, const codec::Json& data,
                                           std::uint64_t size);

// Appends the values, separated by commas. Refuses OIP-DATATYPE, and OIP-NOT-FINITE for what JSON
// cannot hold; then a part of the values may have been written.
[[nodiscard]] Result<void> write_json_data(Bytes& to, const Tensor& tensor);

}  // namespace vedette::inference
