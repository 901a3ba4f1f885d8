// Events and logs that the tests of this folder share.
#pragma once

#include "attestation/measurement/code_of.h"
#include "attestation/runtime_log/runtime_log.h"

namespace vedette::attestation {

inline constexpr std::uint8_t kSamplePcr = 14;

inline RuntimeEvent sample_event(const std::string& name) {
  return {.kind = RuntimeEventKind::model_release,
          .name = name,
          .digest = crypto::sha256(as_bytes(name)),
          .powers = {"threads 4", "device-node /dev/nvidia0"}};
}

// The records first, first + 1, ... of events named by their number.
inline Bytes sample_log(std::uint64_t first, std::size_t count,
                        const Banks& banks = {codec::TpmAlgorithm::sha256}) {
  Bytes log;
  for (std::uint64_t number = first; number < first + count; ++number)
    append(log,
           encode_record(number, kSamplePcr, sample_event("model " + std::to_string(number)), banks)
               .value());
  return log;
}

inline RuntimeLog sample_records(std::uint64_t first, std::size_t count,
                                 const Banks& banks = {codec::TpmAlgorithm::sha256}) {
  return parse_runtime_log(sample_log(first, count, banks), first, kSamplePcr).value();
}

}  // namespace vedette::attestation
