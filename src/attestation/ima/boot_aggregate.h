// boot_aggregate: the kernel's first measurement, which ties its list to the boot.
#pragma once

#include <cstdint>
#include <map>

#include "attestation/ima/ima_entry.h"
#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"

namespace vedette::attestation {

// Registers as a quote or a replayed boot log vouches for them, by bank.
using BankValues = std::map<std::uint8_t, Bytes>;
using BootRegisters = std::map<codec::TpmAlgorithm, BankValues>;

// The digest is H(PCR 0 || ... || PCR 9) in the bank of its own algorithm, and H(PCR 0 || ... ||
// PCR 7) in the SHA-1 bank (Linux 5.8 and later; older kernels left out 8 and 9 in every bank).
// Refuses ATT-IMA-BOOT-AGGREGATE: `first` is not that entry, is a violation, was made without a TPM
// (zeros), has another digest, or a register of its bank is not at hand.
[[nodiscard]] Result<void> check_boot_aggregate(const ImaEntry& first,
                                                const BootRegisters& registers);

}  // namespace vedette::attestation
