// TimeRecord: what the device keeps of the last time that the server told, and what follows from it
// after a restart.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "codec/tpm.h"

namespace vedette::agent {

// When it was told, by the TPM's own clock; none where the TPM would not tell that.
struct TimeRecord {
  TimePoint told;
  std::optional<codec::TpmClockInfo> tpm;
};

// What time it is at least.
struct TimeFloor {
  TimePoint time;
  // Why the TPM's clock could not raise it: it went back. The record, or the TPM, is another than
  // it was.
  std::optional<Error> doubt;
};

// The TPM's clock counts while it has power, and may be a third too fast (TPM 2.0, Part 1, 36.3):
// two thirds of what it counted have passed for certain. A record of long ago that somebody puts
// back so gains no more than the rest. A clock that is behind the record's without the TPM saying
// that it may be (`safe`), or fewer resets, is a TPM that was cleared, or another one.
[[nodiscard]] TimeFloor floor_of(const TimeRecord& record,
                                 const std::optional<codec::TpmClockInfo>& tpm);

// `<folder>/time.json`. None where there is none; refuses FILE-* and AGT-STATE (damaged).
[[nodiscard]] Result<std::optional<TimeRecord>> load_time_record(const std::string& folder);
// Durable when it returns.
[[nodiscard]] Result<void> save_time_record(const std::string& folder, const TimeRecord& record);

}  // namespace vedette::agent
