// Which octets belong together as numbers, found by what it costs. Internal to delta/.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"

namespace vedette::release {

// Octets of the target from `begin` to `end` that are numbers of `width` octets, the first of them
// at `begin`.
struct NumberRun {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t width = 1;
};

// Cuts `target`, whose octets stand at the same places in `base`, into runs: by the cheapest way
// (Viterbi) through all widths and all places at which a number could begin. Tensors begin
// anywhere in a file, and no format is known here. Takes an eighth of an octet for each octet.
[[nodiscard]] std::vector<NumberRun> find_numbers(ByteView base, ByteView target);

}  // namespace vedette::release
