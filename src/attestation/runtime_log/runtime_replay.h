// Replay of the runtime measurement log against the register that a quote vouches for.
#pragma once

#include <cstdint>
#include <vector>

#include "attestation/runtime_log/runtime_log.h"
#include "base/error.h"
#include "base/verified.h"
#include "crypto/bank_digest.h"

namespace vedette::attestation {

// How far the device's log has been believed since its boot; begins anew when the device boots.
struct RuntimeReplay {
  std::uint64_t records = 0;
  crypto::BankDigest value;  // of the register after them; zero at boot

  friend bool operator==(const RuntimeReplay&, const RuntimeReplay&) = default;
};

// Only advance() makes a verified one.
struct RuntimeAdvance {
  class VerificationKey;

  RuntimeReplay replay;              // to remember for the next quote
  std::vector<RuntimeEvent> events;  // those that are new, oldest first
};

// `quoted` is the register's value in a verified quote, taken before the log was read. So the log
// may hold records that came after it: the records up to the one that reaches `quoted` are
// believed, those behind are left for the next time and say nothing now. Refuses
//   ATT-RUNTIME-LOG-GAP       the log begins before or behind the last record that was believed, or
//                             that was believed in another bank
//   ATT-RUNTIME-LOG-BANK      a record has no digest of the quoted bank
//   ATT-RUNTIME-LOG-MISMATCH  no number of its records, none included, leads to `quoted`
[[nodiscard]] Result<Verified<RuntimeAdvance>> advance(const RuntimeReplay& from,
                                                       const RuntimeLog& log,
                                                       const crypto::BankDigest& quoted);

class RuntimeAdvance::VerificationKey {
  friend Result<Verified<RuntimeAdvance>> advance(const RuntimeReplay&, const RuntimeLog&,
                                                  const crypto::BankDigest&);
  VerificationKey() = default;
};

}  // namespace vedette::attestation
