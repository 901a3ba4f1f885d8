// ServerTime: asks the server what time it is.
#pragma once

#include "agent/guarded_clock.h"
#include "agent/trust_anchors.h"
#include "base/clock.h"
#include "base/error.h"
#include "identity/spiffe.h"
#include "platform/net/http.h"

namespace vedette::agent {

// The server's time is known no better than the exchange was long: one of more than this is none.
inline constexpr Duration kLongestTimeExchange = std::chrono::seconds(10);

struct ToldTime {
  TimePoint time;          // of the answer, at the earliest
  Duration uncertainty{};  // it is up to so much later now
};

// `client` speaks to the enrolment listener; it need not know the time for that. The signer's chain
// is held to `trust` as of `passed`, a time that has passed for certain. Refuses TIME-SLOW,
// what identity::verify_signed_time refuses, and NET-*.
[[nodiscard]] Result<ToldTime> ask_time(platform::HttpClient& client, const BootTime& boot,
                                        const TrustAnchors& trust, TimePoint passed,
                                        const identity::TrustDomain& trust_domain);

}  // namespace vedette::agent
