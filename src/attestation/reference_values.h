// Reference values: what a group's devices are expected to have measured (RFC 9334, 8.3).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/bank_digest.h"
#include "crypto/digest.h"

namespace vedette::attestation {

// Registers with their values, all of one bank.
using Registers = std::map<std::uint8_t, crypto::BankDigest>;

// SHA-256 if there are none.
[[nodiscard]] inline codec::TpmAlgorithm bank_of(const Registers& registers) {
  return registers.empty() ? codec::TpmAlgorithm::sha256 : registers.begin()->second.bank();
}

// Per register, every value that is accepted, of whichever bank: a quote is held to those of its
// own. A register without values accepts none.
struct ReferenceValues {
  std::map<std::uint8_t, std::vector<crypto::BankDigest>> registers;

  friend bool operator==(const ReferenceValues&, const ReferenceValues&) = default;
};

// Whose set it is: a group's, or that of one SKU (a hardware model) in a group.
struct ReferenceTarget {
  GroupId group;
  std::optional<SkuId> sku = {};

  friend auto operator<=>(const ReferenceTarget&, const ReferenceTarget&) = default;
};

// What devices are held to, as the JSON of appraisal/reference_set.h; here it is text.
struct StoredReferences {
  crypto::Sha256Digest id{};  // SHA-256 of the text
  std::string text;
};

class ReferenceRepository {
 public:
  ReferenceRepository() = default;
  ReferenceRepository(const ReferenceRepository&) = delete;
  ReferenceRepository& operator=(const ReferenceRepository&) = delete;
  virtual ~ReferenceRepository() = default;

  // Of exactly this target: no SKU's set stands in for the group's, nor the other way round.
  // Which set is in force: cheap, for whoever has it at hand already.
  [[nodiscard]] virtual Result<std::optional<crypto::Sha256Digest>> current(
      const ReferenceTarget& target) = 0;
  [[nodiscard]] virtual Result<std::optional<StoredReferences>> find(
      const ReferenceTarget& target) = 0;
  [[nodiscard]] virtual Result<void> save(const ReferenceTarget& target,
                                          const StoredReferences& references) = 0;
};

// What the last quote that verified said about a device, whether or not its values were accepted.
struct AttestationState {
  TimePoint at;
  std::uint64_t clock = 0;  // TPMS_CLOCK_INFO of that quote
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;
  Registers registers;
  bool affirming = false;  // the appraisal's outcome
  // Of appraisal/device_memory.h: its JSON, empty when there is none, and by name the event logs
  // that it speaks of.
  std::string memory{};
  std::optional<crypto::Sha256Digest> event_log{};
  std::optional<crypto::Sha256Digest> good_event_log{};
  // SHA-256 of the TPMT_PUBLIC whose quote it was: a TPM counts otherwise for another key, and anew
  // once it was cleared. None in states from before it was kept.
  std::optional<crypto::Sha256Digest> attestation_key{};
};

// What evidence by `attestation_key` (TPMT_PUBLIC) is held to: nothing that another key said. A
// state that does not say whose it is holds every key.
[[nodiscard]] inline std::optional<AttestationState> said_by(ByteView attestation_key,
                                                             std::optional<AttestationState> last) {
  if (last && last->attestation_key && *last->attestation_key != crypto::sha256(attestation_key))
    return std::nullopt;
  return last;
}

class AttestationHistory {
 public:
  AttestationHistory() = default;
  AttestationHistory(const AttestationHistory&) = delete;
  AttestationHistory& operator=(const AttestationHistory&) = delete;
  virtual ~AttestationHistory() = default;

  [[nodiscard]] virtual Result<std::optional<AttestationState>> last(const DeviceId& device) = 0;
  [[nodiscard]] virtual Result<void> save(const DeviceId& device,
                                          const AttestationState& state) = 0;

  // At most `most` devices that were last accepted, and that before `time`; the longest ago first.
  [[nodiscard]] virtual Result<std::vector<DeviceId>> affirming_before(TimePoint time,
                                                                       std::size_t most) = 0;

  // Event logs by the SHA-256 of their octets: devices that boot alike share one. Kept as long as a
  // state names it.
  [[nodiscard]] virtual Result<void> keep_event_log(const crypto::Sha256Digest& name,
                                                    ByteView octets) = 0;
  [[nodiscard]] virtual Result<std::optional<Bytes>> event_log(
      const crypto::Sha256Digest& name) = 0;
  // How many of the devices that are held to the target's set have booted by this log: those of its
  // SKU, or those of the group whose SKU has no set of its own.
  [[nodiscard]] virtual Result<std::uint64_t> count_alike(const ReferenceTarget& target,
                                                          const crypto::Sha256Digest& log) = 0;

  // IMA's whole list of a device that is not as it should be, so that it can be learnt from; no
  // octets forget it.
  [[nodiscard]] virtual Result<void> keep_ima_list(const DeviceId& device, ByteView octets) = 0;
  [[nodiscard]] virtual Result<Bytes> ima_list(const DeviceId& device) = 0;
};

}  // namespace vedette::attestation
