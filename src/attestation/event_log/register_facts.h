// Facts by the register that they stand in: the parts of read_boot_facts.
#pragma once

#include "attestation/event_log/boot_facts.h"
#include "attestation/event_log/data_binding.h"

namespace vedette::attestation {

// An event of a proven register, judged.
struct ProvenEvent {
  const Event& event;
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::null;
  const Bytes& digest;
  BoundData data;  // never contradicted
  bool past_separator = false;
};

[[nodiscard]] std::string place_of(const Event& event);

// PCR 7: variables of Secure Boot, authorities. Everything else there is refused.
[[nodiscard]] Result<void> take_secure_boot(const ProvenEvent& proven, BootFacts& facts);

// PCR 0 and 1.
[[nodiscard]] Result<void> take_s_crtm_version(const ProvenEvent& proven, BootFacts& facts);
[[nodiscard]] Result<void> take_boot_variable(const ProvenEvent& proven, BootFacts& facts);

// PCR 8 to 14: what boot loaders and the kernel's stub measure.
void take_loader_event(const ProvenEvent& proven, BootFacts& facts);

}  // namespace vedette::attestation
