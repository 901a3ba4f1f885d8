// CloneWatch: whether two hold one device's identity at the same time.
//
// An alarm puts a device into quarantine, so it rests on what an honest device cannot bring about,
// however often its connection breaks and its address changes:
//   - it comes back to an older connection after it has attested over a younger one. An agent
//     attests over one connection; when that is gone it opens another and never goes back. The
//     challenge was asked for after the younger one had attested, so that nothing which was merely
//     late on its way counts.
//   - its TPM's time went back. The quote was asked for after the last one had been judged, by the
//     same attestation key: a TPM whose state was copied, or put back.
// Addresses count for nothing: networks share and change them as they like.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "attestation/reference_values.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "identity/device.h"
#include "platform/net/http.h"
#include "platform/store/store.h"
#include "server/chronicle.h"

namespace vedette::server {

// Remembers per device the youngest connection that it attested over: of this server, since it
// started. Thread-safe.
class CloneWatch {
 public:
  // Authentic evidence came over `connection`, for a challenge that was asked for at `asked_at`.
  // ATT-CLONED if another client had attested over a younger one by then.
  [[nodiscard]] std::optional<Error> second_of(const DeviceId& device,
                                               const platform::Connection& connection,
                                               TimePoint asked_at) const;
  void attested(const DeviceId& device, const platform::Connection& connection, TimePoint now);

 private:
  struct Youngest {
    std::uint64_t connection = 0;
    std::string address;
    TimePoint since;  // when evidence first came over it
  };

  mutable std::mutex mutex_;
  std::map<DeviceId, Youngest> youngest_;  // as many as devices have attested
};

// ATT-CLONED if a quote was refused for its clock and that proves a second state of the TPM: it was
// made after the last one was judged, and that one was by the same key, since another has other
// counters (TPM 2.0 Part 1, 36.7), and a TPM that was cleared counts anew.
[[nodiscard]] std::optional<Error> clone_by_clock(
    const Error& refusal, const identity::Device& device,
    const std::optional<attestation::AttestationState>& last, TimePoint asked_at);

// Puts the device into quarantine; `matter` becomes the alarm, for the caller to enter.
[[nodiscard]] Result<void> quarantine_clone(platform::UnitOfWork& unit,
                                            const identity::Device& device, const Error& alarm,
                                            Matter& matter, TimePoint now);

}  // namespace vedette::server
