// Reference values: what a group's devices are expected to have measured (RFC 9334, 8.3).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"

namespace vedette::attestation {

// Per register of the SHA-256 bank, every value that is accepted. A register without values accepts
// none.
struct ReferenceValues {
  std::map<std::uint8_t, std::vector<crypto::Sha256Digest>> registers;

  friend bool operator==(const ReferenceValues&, const ReferenceValues&) = default;
};

class ReferenceRepository {
 public:
  ReferenceRepository() = default;
  ReferenceRepository(const ReferenceRepository&) = delete;
  ReferenceRepository& operator=(const ReferenceRepository&) = delete;
  virtual ~ReferenceRepository() = default;

  [[nodiscard]] virtual Result<std::optional<ReferenceValues>> find(const GroupId& group) = 0;
  [[nodiscard]] virtual Result<void> save(const GroupId& group, const ReferenceValues& values) = 0;
};

// What the last quote that verified said about a device, whether or not its values were accepted.
struct AttestationState {
  TimePoint at;
  std::uint64_t clock = 0;  // TPMS_CLOCK_INFO of that quote
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;
  std::map<std::uint8_t, crypto::Sha256Digest> registers;
  bool affirming = false;  // the appraisal's outcome
};

class AttestationHistory {
 public:
  AttestationHistory() = default;
  AttestationHistory(const AttestationHistory&) = delete;
  AttestationHistory& operator=(const AttestationHistory&) = delete;
  virtual ~AttestationHistory() = default;

  [[nodiscard]] virtual Result<std::optional<AttestationState>> last(const DeviceId& device) = 0;
  [[nodiscard]] virtual Result<void> save(const DeviceId& device,
                                          const AttestationState& state) = 0;
};

}  // namespace vedette::attestation
