// BootLog: an event log that agrees with quoted registers.
#pragma once

#include <map>
#include <set>

#include "attestation/event_log/event_log.h"
#include "base/verified.h"
#include "crypto/bank_digest.h"

namespace vedette::attestation {

// One bank of a verified quote.
struct QuotedRegisters {
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256;
  std::map<std::uint8_t, Bytes> values;
};

// As quotes and what is kept of them have it: all of one bank, SHA-256 if there are none.
[[nodiscard]] QuotedRegisters quoted_registers(
    const std::map<std::uint8_t, crypto::BankDigest>& registers);

// Only verify_event_log makes a verified one.
struct BootLog {
  class VerificationKey;

  EventLog log;
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256;
  // Whose events are proven: quoted, touched by the log, equal to its replay.
  std::set<std::uint8_t> registers;
};

// `owned_elsewhere`: registers that other logs fill (IMA's PCR 10, systemd's 11, ...). The event
// log may speak of them, but nothing of that is proven here. All other quoted registers must be
// what the log says, also those of which it says nothing. Refuses, beyond what replay() refuses:
//   ATT-LOG-EMPTY       no events
//   ATT-LOG-SHA1        a log with SHA-1 alone, or a quote of the SHA-1 bank
//   ATT-LOG-KIND        a log of other registers than a TPM's
//   ATT-LOG-REGISTERS   PCR 0 or 4 is not quoted, nothing is that the log speaks of, or a value has
//                       a wrong size
//   ATT-LOG-UNEXTENDED  PCR 0 or 4 was never extended: this bank measured no boot
//   ATT-LOG-NO-EVENTS   a register was extended of which the log has no events
//   ATT-LOG-MISMATCH    a register is not what the log says
[[nodiscard]] Result<Verified<BootLog>> verify_event_log(
    EventLog log, const QuotedRegisters& quoted,
    const std::set<std::uint8_t>& owned_elsewhere = {10});

class BootLog::VerificationKey {
  friend Result<Verified<BootLog>> verify_event_log(EventLog, const QuotedRegisters&,
                                                    const std::set<std::uint8_t>&);
  VerificationKey() = default;
};

}  // namespace vedette::attestation
