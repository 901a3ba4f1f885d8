// Results that the cloud believes, with what made it believe them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"

namespace vedette::ledger {

struct StoredReceipt {
  crypto::Sha256Digest id{};  // SHA-256 of the receipt's payload, never of its signature
  DeviceId device;
  ModelName model;
  std::uint64_t release = 0;
  Epoch epoch;
  TimePoint received_at;
  std::string jws;  // as the device signed it
};

class ReceiptRepository {
 public:
  ReceiptRepository() = default;
  ReceiptRepository(const ReceiptRepository&) = delete;
  ReceiptRepository& operator=(const ReceiptRepository&) = delete;
  virtual ~ReceiptRepository() = default;

  // True if it is new, false if a receipt of this id is there already (a retry).
  [[nodiscard]] virtual Result<bool> add(const StoredReceipt& receipt) = 0;
  // The newest first; of one device if given. `limit` is at most 1000.
  [[nodiscard]] virtual Result<std::vector<StoredReceipt>> list(
      const std::optional<DeviceId>& device, std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count() = 0;
};

}  // namespace vedette::ledger
