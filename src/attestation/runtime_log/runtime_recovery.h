// What the agent does with its measurement log when it starts: decided here, done by the agent.
//
// A record is on stable storage before the register is extended with it, and no record follows
// before that was done; all banks are extended by one command. So after a crash the log is at most
// one record ahead of the register, in every bank alike, and a torn record at its end was never
// extended.
#pragma once

#include <cstdint>
#include <vector>

#include "attestation/runtime_log/runtime_log.h"
#include "base/error.h"
#include "crypto/bank_digest.h"

namespace vedette::attestation {

inline constexpr RuntimeLogLimits kRuntimeFileLimits{.max_records = 65'536, .max_bytes = 64 << 20};

enum class RuntimeLogState : std::uint8_t {
  in_sync,            // go on
  last_not_extended,  // extend the register with `to_extend`, then go on
  // The register is zero. Begin anew with an empty file, even where it holds a single record that
  // may never have been extended: it may as well be an earlier boot's.
  new_boot,
  // Somebody else extended the register, or the log lost records. Extending cannot mend it: every
  // quote until the next boot will be refused.
  foreign_extension,
};

struct RuntimeLogRecovery {
  RuntimeLogState state = RuntimeLogState::foreign_extension;
  std::size_t octets_to_keep = 0;  // of the file; what lies behind is to be cut off
  std::uint64_t next_recnum = 0;
  std::vector<crypto::BankDigest> to_extend;  // for last_not_extended alone
};

// `file` is the log as the agent finds it, `values` the register as the TPM has it now, in each of
// its banks. What cannot be read of the file counts as torn; whether that explains the register,
// the register tells. A log goes on in the banks that it was begun in; in any other bank the
// register must be zero.
[[nodiscard]] RuntimeLogRecovery plan_recovery(ByteView file, std::uint8_t pcr,
                                               const std::vector<crypto::BankDigest>& values);

}  // namespace vedette::attestation
