// Violations that the server has accepted as evidence, and the releases that they make suspect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "ledger/violation.h"

namespace vedette::ledger {

struct StoredViolation {
  crypto::Sha256Digest id{};  // SHA-256 of the payload, never of its signature
  DeviceId device;
  std::uint64_t sequence = 0;  // the device's own number; unique with it
  ModelName model;
  std::uint64_t release = 0;
  crypto::Sha256Digest model_root{};
  ViolationKind kind = ViolationKind::system_call;
  Epoch epoch{};     // in which the model ran
  bool is_of_old{};  // from an epoch before the device's present one
  TimePoint received_at{};
  std::string jws{};  // as the device signed it
};

struct ViolationFilter {
  std::optional<DeviceId> device{};
  std::optional<ModelName> model{};
};

// A release that a condemning violation was reported of.
struct SuspectRelease {
  ModelName model;
  std::uint64_t release = 0;
  crypto::Sha256Digest model_root{};
  std::uint64_t devices = 0;  // that reported one, each counted once
};

class ViolationRepository {
 public:
  ViolationRepository() = default;
  ViolationRepository(const ViolationRepository&) = delete;
  ViolationRepository& operator=(const ViolationRepository&) = delete;
  virtual ~ViolationRepository() = default;

  // Refuses STORE-CONFLICT when the device's number is taken: find() first.
  [[nodiscard]] virtual Result<void> add(const StoredViolation& violation) = 0;
  [[nodiscard]] virtual Result<std::optional<StoredViolation>> find(const DeviceId& device,
                                                                    std::uint64_t sequence) = 0;
  // The newest first. `limit` is at most 1000.
  [[nodiscard]] virtual Result<std::vector<StoredViolation>> list(const ViolationFilter& filter,
                                                                  std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count(const DeviceId& device) = 0;
  // By model, then release.
  [[nodiscard]] virtual Result<std::vector<SuspectRelease>> suspects() = 0;
};

}  // namespace vedette::ledger
