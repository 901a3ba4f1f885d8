// Powers: the named ways in which a profile may be widened. Each shows up in review (`vedette
// sandbox profile diff`), in the profile's text and digest, and so in every log and measurement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace vedette::inference {

// `count` threads compute instead of one. They are made before the filter is put up: it stays as
// it is, and no thread can be made inside.
struct ThreadsPower {
  unsigned count = 2;  // 2 to 64, the first one included

  friend bool operator==(const ThreadsPower&, const ThreadsPower&) = default;
};

// One device node, e.g. of an accelerator, is bound into the otherwise empty root, and may be
// opened, read, written, controlled and mapped. The driver behind it becomes part of the cage's
// surface: there is no filter for what an ioctl does.
struct DeviceNodePower {
  std::string path;  // absolute, below /dev, without `.` and `..`

  friend bool operator==(const DeviceNodePower&, const DeviceNodePower&) = default;
};

// Each request is answered in a process of its own, forked from a worker that never saw one: no
// request leaves anything behind for the next.
struct ForkPerRequestPower {
  friend bool operator==(const ForkPerRequestPower&, const ForkPerRequestPower&) = default;
};

// One file in memory, of at most `bytes`, may be written; the host reads it afterwards. For turning
// a model into another format, never for answering requests.
struct OutputFilePower {
  std::uint64_t bytes = 0;  // 1 to 2^34

  friend bool operator==(const OutputFilePower&, const OutputFilePower&) = default;
};

using Power = std::variant<ThreadsPower, DeviceNodePower, ForkPerRequestPower, OutputFilePower>;

// `threads 2`, `device-node /dev/x`, `fork-per-request`, `output-file 1048576`; and back.
[[nodiscard]] std::string text_of(const Power& power);
// Refuses SBX-POWER.
[[nodiscard]] Result<Power> power_from_text(std::string_view text);

// What it means, in a sentence for a reviewer.
[[nodiscard]] std::string describe(const Power& power);

// Refuses SBX-POWER: a count or a path out of its range.
[[nodiscard]] Result<void> check(const Power& power);

}  // namespace vedette::inference
