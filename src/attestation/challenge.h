// ChallengeBook: nonces that are used once, soon, by the device that asked for them.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"

namespace vedette::attestation {

struct Challenge {
  Bytes nonce;  // 32 random octets
  TimePoint expires_at;
};

// In memory: after a restart every device asks anew. One live challenge per device, the newest.
// Thread-safe.
class ChallengeBook {
 public:
  static constexpr std::size_t kCapacity = 65'536;
  static constexpr Duration kLifetime = std::chrono::seconds(60);

  explicit ChallengeBook(std::size_t capacity = kCapacity) : capacity_(capacity) {}

  // Refuses ATT-BUSY when too many devices have a live challenge.
  [[nodiscard]] Result<Challenge> issue(const DeviceId& device,
                                        const crypto::Sha256Digest& certificate_fingerprint,
                                        TimePoint now);

  // Uses the challenge up, if it is this device's on this certificate, and tells when it was
  // issued: what answers it was made after that. Refuses ATT-NONCE-UNKNOWN (never issued, used, or
  // replaced by a newer one), ATT-NONCE-FOREIGN (another device's or certificate's, which stays
  // good for its owner) and ATT-NONCE-EXPIRED.
  [[nodiscard]] Result<TimePoint> redeem(ByteView nonce, const DeviceId& device,
                                         const crypto::Sha256Digest& certificate_fingerprint,
                                         TimePoint now);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    DeviceId device;
    crypto::Sha256Digest certificate_fingerprint;
    TimePoint expires_at;
  };

  void forget_expired(TimePoint now);
  void forget_device(const DeviceId& device);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<Bytes, Entry> entries_;            // by nonce
  std::map<DeviceId, Bytes> live_by_device_;  // device -> its nonce
};

}  // namespace vedette::attestation
