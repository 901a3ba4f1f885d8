// RenewalPlan: when this device renews its certificate, by the server's word or by its own rule.
#pragma once

#include <optional>

#include "agent/credentials.h"
#include "agent/trust_anchors.h"
#include "base/clock.h"
#include "base/error.h"
#include "identity/renewal.h"
#include "identity/renewal_info.h"
#include "platform/net/http.h"

namespace vedette::agent {

// Asks the server when this very certificate is to be renewed; whoever signs the answer is held to
// `trust`. Refuses what verify_renewal_info refuses, RENEW-*
// and CERT-* among it, and NET-*.
[[nodiscard]] Result<identity::RenewalAdvice> renewal_advice(platform::HttpClient& client,
                                                             const Credentials& credentials,
                                                             const TrustAnchors& trust,
                                                             TimePoint now);

// Of one thread. Nothing is due before the first begin().
class RenewalPlan {
 public:
  // A new certificate, by this device's own rule. `luck` in [0, 1) is kept for this certificate:
  // who asked again and again would else come early.
  void begin(const identity::CertificateLife& life, TimePoint now, double luck);
  // What the server said. A word that is not believed brings the own rule back, no word at all
  // leaves the plan as it is. A renewal that was tried already is not put off again.
  void advised(const Result<identity::RenewalAdvice>& advice, TimePoint now);
  void failed(TimePoint now, const std::optional<Duration>& retry_after, double luck);

  [[nodiscard]] bool due(TimePoint now) const;
  [[nodiscard]] bool wonders(TimePoint now) const;  // whether to ask the server
  [[nodiscard]] TimePoint at() const { return at_; }

 private:
  identity::CertificateLife life_{};
  TimePoint begins_;
  double luck_ = 0;
  TimePoint at_ = TimePoint::max();
  TimePoint ask_at_ = TimePoint::max();
  unsigned failures_ = 0;
};

}  // namespace vedette::agent
