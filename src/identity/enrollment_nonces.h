// EnrollmentNonces: what a device that is known signs to prove that it is there now, on this
// connection (draft-ietf-lamps-attestation-freshness).
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace vedette::identity {

// Nothing is kept of a nonce that was issued: it says itself until when it holds, under a MAC over
// the connection's binding. So strangers who ask for nonces, however many, leave no room the less.
// Only those that were used are kept until they expire: each once, by a device that proved itself.
// After a restart every device asks anew. Thread-safe.
class EnrollmentNonces {
 public:
  static constexpr std::size_t kCapacity = 65'536;
  static constexpr Duration kLifetime = std::chrono::seconds(60);

  explicit EnrollmentNonces(std::size_t capacity = kCapacity);

  // 48 octets; it holds for a minute in whole seconds. Refuses ENR-CHANNEL without the 32 octets of
  // an RFC 9266 exporter.
  [[nodiscard]] Result<Bytes> issue(ByteView channel_binding, TimePoint now) const;
  // Refuses ENR-NONCE (not of this server and connection), ENR-NONCE-EXPIRED and ENR-NONCE-USED.
  [[nodiscard]] Result<void> check(ByteView nonce, ByteView channel_binding, TimePoint now) const;
  // The same, and uses it up: of two at once, one gets it. When it was issued, in whole seconds.
  // ENR-BUSY when too many were used within their life.
  [[nodiscard]] Result<TimePoint> use(ByteView nonce, ByteView channel_binding, TimePoint now);

 private:
  [[nodiscard]] Result<TimePoint> expiry_of(ByteView nonce, ByteView channel_binding,
                                            TimePoint now) const;

  const std::size_t capacity_;
  const SecretBytes key_;
  mutable std::mutex mutex_;
  std::map<Bytes, TimePoint> used_;  // until when it would have held
};

}  // namespace vedette::identity
