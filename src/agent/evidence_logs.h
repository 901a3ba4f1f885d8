// EvidenceLogs: what goes with a quote: what firmware, kernel and agent say that they measured.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "agent/runtime_measurements.h"
#include "attestation/device_logs/device_logs.h"
#include "base/bytes.h"
#include "base/error.h"

namespace vedette::agent {

inline constexpr std::size_t kMaxEventLogBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxImaLogBytes = std::size_t{32} << 20U;

using attestation::DeviceLogs;
using attestation::LogWish;

// The entries of an IMA list in binary form from number `first` on; all of them, from 0, when there
// are fewer: the list began anew. Headers alone are read. Refuses AGT-IMA-LIST for what is no list.
[[nodiscard]] Result<DeviceLogs::Slice> ima_entries_from(ByteView list, std::uint64_t first);

// Reads the files as they are now: so after the quote was made, when they hold at least what it
// vouches for. A file that is not there is left out. Refuses FILE-* (what is there but cannot be
// read, or is too large), AGT-IMA-LIST, and what records_from() refuses.
[[nodiscard]] Result<DeviceLogs> read_device_logs(const std::string& event_log,
                                                  const std::string& ima_log,
                                                  const RuntimeMeasurements& runtime,
                                                  const LogWish& wish);

}  // namespace vedette::agent
