// Where in the base each part of the target came from. Internal to delta/.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace vedette::release {

// Octets of the target from `begin` to `end`, and where their like begins in the base, if anywhere.
struct AlignedRegion {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::optional<std::size_t> base{};
};

// Regions that cover `target` in order. Retrained tensors have hardly an octet run in common, so
// they are found by what stands between them (names, dimensions) and by being alike, number by
// number. Takes up to two octets for each octet of the base.
[[nodiscard]] std::vector<AlignedRegion> align(ByteView base, ByteView target);

}  // namespace vedette::release
