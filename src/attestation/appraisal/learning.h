// Learning: reference values from a device in a state that is known to be good, and the acceptance
// of a change that was meant. Pure: what is learnt is the JSON of reference_set.h.
#pragma once

#include "attestation/appraisal/device_memory.h"
#include "attestation/appraisal/reference_set.h"

namespace vedette::attestation {

// What the verifier has kept of a device's last attestation.
struct Witness {
  const AttestationState& state;
  std::optional<Bytes> event_log;  // of the present boot
  Bytes ima_list;                  // all of it, or no octets
  std::optional<DeviceMemory> memory;
  std::uint8_t runtime_register;
};

// Accepts what the device has said. By its logs where it sent them: the kept octets are held
// against the kept registers once more. Else by exact values of its registers. What runs is learnt
// as learn_runtime() says. IMA's list is not kept of a device that was accepted: then the files are
// those of `held_to`, if that is the set that it was accepted by (null: none). Refuses what the
// logs' own checks refuse, and REF-DISBELIEVED for a device whose logs were refused, and none
// believed since.
[[nodiscard]] Result<codec::Json> learn_references(const Witness& witness,
                                                   const codec::Json* held_to = nullptr);

// Accepts what `present` accepts, and what the device has said. Refuses the same, REF-SYNTAX for a
// `present` that is none.
[[nodiscard]] Result<codec::Json> accept_also(const codec::Json& present, const Witness& witness);

// Accepts what `present` accepts, and these values of registers beside it. A register that had no
// exact values is held to these alone from now on; without `present`, they are all that there is.
// Values are accepted register by register: one of these in one register goes together with one of
// `present` in another. Refuses REF-SYNTAX.
[[nodiscard]] Result<codec::Json> accept_registers(const codec::Json* present,
                                                   const ReferenceValues& values);

}  // namespace vedette::attestation
