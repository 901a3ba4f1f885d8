// The runtime measurement log: what the agent measured, as records of the TCG Canonical Event Log.
//
// One record is four TLVs (TCG CEL 1.0, TLV encoding; a TLV is a type of one octet, a length of
// four, big-endian, and the value):
//
//   0 recnum    8 octets, big-endian, counting from 0 since boot
//   1 pcr       1 octet
//   3 digests   one TLV for each bank that the agent extends, ascending: type 0x0B (TPM_ALG_SHA256)
//               with 32 octets, 0x0C (TPM_ALG_SHA384) with 48
//  86 content   of Vedette's, TLVs in this order:
//                 0 kind    1 octet, RuntimeEventKind
//                 1 name    UTF-8
//                 2 digest  32 octets, SHA-256 of the thing measured
//                 3 power   UTF-8; none or several
//
// The specification's own content types are small numbers (4 management, 5 PC Client, 7 and 8 IMA)
// and others took 9 (systemd) and 80 (Container-Optimized OS); 86 is 'V'.
//
// The digest of a record, which is what extends the register, is the bank's hash of the whole
// content TLV as encoded: its type and length are hashed with its value, so that content of one
// type cannot pass for another's. The canonical logs of go-tpm-tools hash the same octets, which
// canonical_event_log_test.cpp recomputes. Record number and register are not under the digest: the
// order of extending binds them.
#pragma once

#include <cstdint>
#include <vector>

#include "attestation/runtime_log/runtime_event.h"
#include "base/bytes.h"
#include "base/error.h"
#include "crypto/bank_digest.h"

namespace vedette::attestation {

inline constexpr std::uint8_t kRuntimeContentType = 86;
inline constexpr std::size_t kMaxRuntimeRecords = 4096;      // per evidence
inline constexpr std::size_t kMaxRuntimeLogBytes = 4 << 20;  // per evidence

using Banks = std::vector<codec::TpmAlgorithm>;  // some of crypto::kBanks, ascending

// What the register is extended with for this event.
[[nodiscard]] crypto::BankDigest digest_of(const RuntimeEvent& event,
                                           codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256);
// In each of these banks.
[[nodiscard]] std::vector<crypto::BankDigest> digests_of(const RuntimeEvent& event,
                                                         const Banks& banks);

// Refuses ATT-RUNTIME-EVENT for what parse_runtime_log would not read back.
[[nodiscard]] Result<Bytes> encode_record(std::uint64_t recnum, std::uint8_t pcr,
                                          const RuntimeEvent& event,
                                          const Banks& banks = {codec::TpmAlgorithm::sha256});

struct RuntimeRecord {
  RuntimeEvent event;
  std::vector<crypto::BankDigest> digests;  // checked against the event

  [[nodiscard]] const crypto::BankDigest* digest(codec::TpmAlgorithm bank) const;  // null: none
  [[nodiscard]] Banks banks() const;

  friend bool operator==(const RuntimeRecord&, const RuntimeRecord&) = default;
};

// Well-formed and consistent in itself; whether the device's register says the same is for
// advance() to tell.
struct RuntimeLog {
  std::uint64_t first_recnum = 0;
  std::vector<RuntimeRecord> records;
};

struct RuntimeLogLimits {
  std::size_t max_records = kMaxRuntimeRecords;
  std::size_t max_bytes = kMaxRuntimeLogBytes;
};

// The records from `first_recnum` on, each the number after the one before, all of the register
// `pcr`; no octets mean no records. Refuses
//   ATT-RUNTIME-LOG-SIZE    more records or octets than the limits
//   ATT-RUNTIME-LOG-SYNTAX  not these records, octets too few or too many, another content type
//   ATT-RUNTIME-LOG-ORDER   a record number that is not the next one
//   ATT-RUNTIME-LOG-PCR     a record of another register
//   ATT-RUNTIME-LOG-DIGEST  a digest that is not the content's
[[nodiscard]] Result<RuntimeLog> parse_runtime_log(ByteView bytes, std::uint64_t first_recnum,
                                                   std::uint8_t pcr,
                                                   const RuntimeLogLimits& limits = {});

// The records at the start of a file that can be read, up to the first octet of one that cannot: a
// crash tears the last one.
struct RuntimeLogPrefix {
  RuntimeLog log;
  std::size_t octets = 0;
};
[[nodiscard]] RuntimeLogPrefix read_runtime_prefix(ByteView bytes, std::uint8_t pcr,
                                                   const RuntimeLogLimits& limits);

}  // namespace vedette::attestation
