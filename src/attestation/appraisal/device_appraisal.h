// The verdict on a device: its quote, and the logs that the quoted registers vouch for, against the
// reference set of its group.
#pragma once

#include <optional>

#include "attestation/appraisal.h"
#include "attestation/appraisal/device_memory.h"
#include "attestation/appraisal/reference_set.h"
#include "attestation/device_logs/device_logs.h"

namespace vedette::attestation {

// Everything, unless what is remembered was made by this set and found nothing: of a device that is
// not accepted, the whole logs are at hand then, to be explained and learnt from.
[[nodiscard]] LogWish wish_for(const std::optional<DeviceMemory>& memory,
                               const ReferenceSet* references);

struct AppraisalInputs {
  const Verified<Quote>& quote;
  const DeviceLogs& logs;
  const std::optional<AttestationState>& last;  // before this quote
  const std::optional<DeviceMemory>& memory;    // before this quote
  const ReferenceSet* references;               // null: the group has none
  std::uint8_t runtime_register;
  IsPublished is_published;  // may be empty
};

struct DeviceAppraisal {
  Appraisal appraisal;
  DeviceMemory memory;  // to be kept, whatever the verdict
  // What the boot's log said, if it came and was proven: for learning, and for the curious.
  std::vector<Statement> boot;
  std::vector<Statement> runtime;
};

// Beyond what appraise() refuses:
//   ATT-LOGS-WANTED         a log is missing, or begins elsewhere than where the last one that was
//                           believed ended: nothing is said about the device. It is to send all of
//                           its logs with its next quote
//   ATT-LOG-*, ATT-IMA-*, ATT-RUNTIME-LOG-*   a log is not one, or not the registers'
//   ATT-BOOT-UNACCEPTED     the boot's log says what the reference set does not accept
//   ATT-IMA-UNACCEPTED      so does IMA's list
//   ATT-RUNTIME-UNACCEPTED  so does the runtime measurement log
// The status is never better than the worst claim. What was once found stays found until the device
// has booted anew, or the reference set was changed and everything was sent and judged again.
[[nodiscard]] DeviceAppraisal appraise_device(const AppraisalInputs& inputs);

}  // namespace vedette::attestation
