// Checks of a tensor's elements, one pass each over the plain bytes, without an allocation.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "inference/tensor.h"

namespace vedette::inference::serving {

// Bounds that every element must keep, both included. A NaN keeps no bound.
struct ElementRange {
  double minimum;
  double maximum;
};

// The index of the first element out of range; nothing when there is none. Integers of 64 bits are
// compared exactly, not by way of double. `data` needs no alignment; octets after the last whole
// element are not looked at.
[[nodiscard]] std::optional<std::size_t> first_out_of_range(DataType type, ByteView data,
                                                            ElementRange range);

// The index of the first NaN or infinity; nothing when there is none, or the type has none.
[[nodiscard]] std::optional<std::size_t> first_not_finite(DataType type, ByteView data);

// The element at `index`, which is within `data`; an integer of 64 bits rounded to a double.
[[nodiscard]] double element_at(DataType type, ByteView data, std::size_t index);

}  // namespace vedette::inference::serving
