// ServerTime: asks the server what time it is.
#pragma once

#include <span>

#include "agent/guarded_clock.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "identity/spiffe.h"
#include "platform/net/http.h"

namespace vedette::agent {

// The server's time is known no better than the exchange was long: one of more than this is none.
inline constexpr Duration kLongestTimeExchange = std::chrono::seconds(10);

struct ToldTime {
  TimePoint time;          // of the answer, at the earliest
  Duration uncertainty{};  // it is up to so much later now
};

// `client` speaks to the enrolment listener; it need not know the time for that. Refuses TIME-SLOW,
// what identity::verify_signed_time refuses, and NET-*.
[[nodiscard]] Result<ToldTime> ask_time(platform::HttpClient& client, const BootTime& boot,
                                        std::span<const crypto::Certificate> roots,
                                        const identity::TrustDomain& trust_domain);

}  // namespace vedette::agent
