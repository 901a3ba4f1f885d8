// When a certificate is to be renewed: a server spreads a fleet over time, a device follows within
// limits of its own. Pure: life, window, time and luck come in, a time goes out.
//
//   not_before      1/6        1/2 ........ 3/4    5/6        not_after
//       |------------|----------[ windows ]---------|------------|
//                 earliest                        latest
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "crypto/certificate.h"

namespace vedette::identity {

struct CertificateLife {
  TimePoint not_before;
  TimePoint not_after;
};

[[nodiscard]] CertificateLife life_of(const crypto::Certificate& certificate);

// The limits within which a server may move a renewal: one sixth of the life from either end. Too
// early would be a loop without end, too late an expiry.
[[nodiscard]] TimePoint earliest_renewal(const CertificateLife& life);
[[nodiscard]] TimePoint latest_renewal(const CertificateLife& life);

struct RenewalWindow {
  TimePoint start;
  TimePoint end;

  friend bool operator==(const RenewalWindow&, const RenewalWindow&) = default;
};

// A server's suggestion: a 24th of the life somewhere between its half and its three quarters, at a
// place that `device` alone decides, so that a fleet that was issued at one moment spreads evenly,
// and asking again changes nothing.
[[nodiscard]] RenewalWindow suggested_window(const CertificateLife& life, std::string_view device);

// Where a device renews: at a random point of the window it was told, held within the limits, or
// without one at two thirds of the life, a twelfth of it earlier or later. A device that `begins`
// too late for that, since it was off, waits for up to a 24th of the life: others were off with it.
// `luck` in [0, 1).
[[nodiscard]] TimePoint planned_renewal(const CertificateLife& life,
                                        const std::optional<RenewalWindow>& window,
                                        TimePoint begins, double luck);

// The next attempt after one that failed at `now`: after the longer of `back_off` and the server's
// `retry_after`, and up to half as much again by `luck`. Before the latest renewal nothing moves an
// attempt beyond it; after it, not beyond a quarter of what is left of the life.
[[nodiscard]] TimePoint next_renewal_attempt(const CertificateLife& life, TimePoint now,
                                             Duration back_off,
                                             const std::optional<Duration>& retry_after,
                                             double luck);

}  // namespace vedette::identity
