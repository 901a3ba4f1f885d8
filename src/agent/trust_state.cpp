#include "agent/trust_state.h"

#include <utility>

namespace vedette::agent {

void TrustState::believe(Verdict verdict) {
  const std::scoped_lock lock(mutex_);
  verdict_ = std::move(verdict);
  withdrawn_for_.reset();
}

void TrustState::withdraw(Error why) {
  const std::scoped_lock lock(mutex_);
  verdict_.reset();
  withdrawn_for_ = std::move(why);
}

Result<Verdict> TrustState::current() const {
  const std::scoped_lock lock(mutex_);
  if (verdict_ && clock_.now() < verdict_->expires_at) return *verdict_;
  std::string cause = "no verdict yet";
  if (verdict_) cause = "the verdict ended at " + to_rfc3339(verdict_->expires_at);
  if (withdrawn_for_) cause = describe(*withdrawn_for_);
  return refuse("AGT-NOT-ATTESTED", "this device is not attested, so its models do not answer",
                std::move(cause), "see the status at /vedette/status");
}

}  // namespace vedette::agent
