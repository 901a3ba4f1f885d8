// ChallengeRequests: devices that an operator wants to attest now rather than at their time.
#pragma once

#include <mutex>
#include <set>

#include "base/strong_id.h"

namespace vedette::server {

// In memory: whoever asked before a restart asks again. Thread-safe; at most kCapacity devices.
class ChallengeRequests {
 public:
  static constexpr std::size_t kCapacity = 65'536;

  // False when there is no room.
  [[nodiscard]] bool want(const DeviceId& device) {
    const std::scoped_lock lock(mutex_);
    if (wanted_.size() >= kCapacity && !wanted_.contains(device)) return false;
    wanted_.insert(device);
    return true;
  }
  [[nodiscard]] bool is_wanted(const DeviceId& device) const {
    const std::scoped_lock lock(mutex_);
    return wanted_.contains(device);
  }
  void answered(const DeviceId& device) {
    const std::scoped_lock lock(mutex_);
    wanted_.erase(device);
  }

 private:
  mutable std::mutex mutex_;
  std::set<DeviceId> wanted_;
};

}  // namespace vedette::server
