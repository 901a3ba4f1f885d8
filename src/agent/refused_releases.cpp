#include "agent/refused_releases.h"

#include <algorithm>

namespace vedette::agent {

Result<void> RefusedReleases::check(const ModelName& model, const crypto::Sha256Digest& statement,
                                    TimePoint now) const {
  const auto found = models_.find(model.str());
  if (found == models_.end()) return {};
  const Refused& refused = found->second;
  if (refused.statement != statement || now >= refused.until) return {};
  Error error = refused.cause;
  error.hint = "it is fetched again at " + to_rfc3339(refused.until) + ", another release at once" +
               (error.hint.empty() ? "" : "; " + error.hint);
  return std::unexpected(std::move(error));
}

void RefusedReleases::add(const ModelName& model, const crypto::Sha256Digest& statement,
                          const Error& cause, TimePoint now) {
  const Duration longest = std::max<Duration>(std::chrono::hours(1), wait_);
  Refused& refused = models_[model.str()];
  const bool again = refused.statement == statement && refused.wait > Duration::zero();
  refused.wait = again ? std::min(refused.wait * 2, longest) : wait_;
  refused.statement = statement;
  refused.cause = cause;
  refused.until = now + refused.wait;
}

}  // namespace vedette::agent
