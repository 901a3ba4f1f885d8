// TrustState: whether this device's word is good right now.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"

namespace vedette::agent {

// A verdict as the server gave it. The agent presents the token; it does not judge itself by it.
struct Verdict {
  DeviceId device;
  std::string ear;
  TimePoint expires_at;
  TimePoint attest_again_at;
  Epoch epoch;
};

// Shared by the lifecycle, the inference API and the reporter. Thread-safe.
class TrustState {
 public:
  explicit TrustState(const Clock& clock) : clock_(clock) {}

  void believe(Verdict verdict);
  void withdraw(Error why);

  // The verdict while it lasts; else AGT-NOT-ATTESTED with the last refusal as its cause.
  [[nodiscard]] Result<Verdict> current() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<Verdict> verdict_;
  std::optional<Error> withdrawn_for_;
};

}  // namespace vedette::agent
