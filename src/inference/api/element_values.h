// Elements of tensors as JSON values, and back; for this folder alone.
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "codec/json.h"
#include "inference/tensor.h"

namespace vedette::inference {

// Appends one element. Refuses OIP-VALUE (not a number or boolean of that type, or out of its
// range) and OIP-DATATYPE (FP16).
[[nodiscard]] Result<void> append_element(DataType type, const codec::Json& value, Bytes& to);

// All elements of a tensor that passes check_tensor. Refuses OIP-DATATYPE (FP16) and
// OIP-NOT-FINITE.
[[nodiscard]] Result<codec::Json::Array> elements_of(const Tensor& tensor);

}  // namespace vedette::inference
