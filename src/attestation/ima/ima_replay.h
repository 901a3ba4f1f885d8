// Replay of the measurement list against the register that a quote vouches for.
#pragma once

#include <cstdint>
#include <vector>

#include "attestation/ima/boot_aggregate.h"
#include "attestation/ima/ima_list.h"
#include "base/error.h"
#include "base/verified.h"
#include "codec/tpm.h"

namespace vedette::attestation {

// How far the device's list has been believed since its boot; begins anew when the device boots.
struct ImaReplay {
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256;
  std::uint64_t entries = 0;
  Bytes value;                // of the register after them; none stands for zeros
  FileDigest boot_aggregate;  // of the first entry, once there is one

  friend bool operator==(const ImaReplay&, const ImaReplay&) = default;
};

// What the register of that bank is extended with: H(template data) (Linux 5.8 and later; older
// kernels extended every bank with the padded SHA-1), or ones for a violation.
[[nodiscard]] Bytes template_digest(const ImaEntry& entry, codec::TpmAlgorithm bank);
// H(value || digest).
[[nodiscard]] Bytes extended(codec::TpmAlgorithm bank, ByteView value, ByteView digest);

// Only advance() makes a verified one.
struct ImaAdvance {
  class VerificationKey;

  ImaReplay replay;  // to remember for the next quote
  std::uint64_t first_entry = 0;
  std::vector<ImaEntry> entries;  // those that are new, oldest first
};

// `quoted` is the register's value in a verified quote of that bank, taken before the list was
// read: the kernel lists before it extends. So the entries up to the one that reaches `quoted` are
// believed; those behind are left for the next time and say nothing now. What was believed before
// is not looked at again: the cost is that of the new entries. Refuses
//   ATT-IMA-GAP             the list begins before or behind the last entry that was believed
//   ATT-IMA-MISMATCH        no number of its entries, none included, leads to `quoted`
//   ATT-IMA-BOOT-AGGREGATE  nothing was ever measured, or the boot's first entry is none of
//                           these registers (check_boot_aggregate)
[[nodiscard]] Result<Verified<ImaAdvance>> advance(const ImaReplay& from, ImaList list,
                                                   ByteView quoted, const BootRegisters& boot);

class ImaAdvance::VerificationKey {
  friend Result<Verified<ImaAdvance>> advance(const ImaReplay&, ImaList, ByteView,
                                              const BootRegisters&);
  VerificationKey() = default;
};

}  // namespace vedette::attestation
