// ReferenceCache: each reference set, read once and shared by all the devices that are held to it.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "attestation/appraisal/reference_set.h"
#include "identity/device.h"
#include "platform/store/store.h"

namespace vedette::server {

// Whose set a device is held to: that of its SKU in its group where there is one, else its group's.
// The one replaces the other; nothing is merged.
[[nodiscard]] Result<attestation::ReferenceTarget> held_to(platform::UnitOfWork& unit,
                                                           const identity::Device& device);

// Thread-safe.
class ReferenceCache {
 public:
  // The set that the device is held to as this unit of work sees it; null when there is none.
  // Refuses what the store refuses, and REF-SYNTAX for what it should never have taken.
  [[nodiscard]] Result<std::shared_ptr<const attestation::ReferenceSet>> find(
      platform::UnitOfWork& unit, const identity::Device& device);

 private:
  struct Entry {
    crypto::Sha256Digest id;
    std::shared_ptr<const attestation::ReferenceSet> set;
  };

  std::mutex mutex_;
  std::map<attestation::ReferenceTarget, Entry> entries_;
};

}  // namespace vedette::server
