// How an agent comes by releases, and how it lets go of them.
#include "agent/agent.h"
#include "agent/contact.h"

namespace vedette::agent {

namespace {

// `, under contract 0123456789ab`, and what it widens.
std::string contract_text(const ServedContract& contract) {
  constexpr std::size_t kShortDigest = 12;
  if (!contract.sha256) return {};
  std::string text = ", under contract " + to_hex(*contract.sha256).substr(0, kShortDigest);
  for (const std::string& sentence : contract.widenings)
    text += "; wider: " + sentence;
  return text;
}

Error blocked(const RunningModel& model) {
  return {"REL-BLOCKED", "an operator blocked the release that ran",
          model.model.str() + " release " + std::to_string(model.release),
          "see 'vedette log list' for the reason; another release is looked for at once"};
}

}  // namespace

// Every model is tried, so that one bad release does not keep the others away; the first refusal is
// told.
Result<void> Agent::fetch_all() {
  releases_due_ = clock_.now() + config_.poll_interval;
  VEDETTE_TRY(const Verdict verdict, trust_.current());
  Result<void> first;
  for (const ModelName& model : config_.models) {
    const auto served = fetch_one(verdict, model);
    if (!served && first) first = std::unexpected(served.error());
  }
  return first;
}

Result<void> Agent::fetch_one(const Verdict& verdict, const ModelName& model) {
  ModelFiles& files = files_.try_emplace(model.str(), cache_ ? &*cache_ : nullptr).first->second;
  auto newer = fetch_newer(*client_, verdict.ear, config_, anchors_.publishers, floors_,
                           *quarantine_, files, model, models_.present(model));
  if (const auto trouble = files.trouble())
    news_.say(Phase::fetch, model.str() + " is fetched another way", trouble);
  VEDETTE_TRY(auto fetched, std::move(newer));
  if (!fetched) return {};
  const std::uint64_t release = fetched->about.release;
  const std::string text = model.str() + " release " + std::to_string(release) +
                           (fetched->way.empty() ? "" : " " + fetched->way + ",") +
                           " verified, admitted, sealed, caged and ready" +
                           contract_text(fetched->about.contract);
  const std::uint64_t never_below = fetched->never_below;
  VEDETTE_CHECK(models_.publish(*std::move(fetched),
                                [&] { return floors_.accept(model, release, never_below); }));
  const std::string bounds = models_.bounded_by(model);
  news_.say(Phase::fetch,
            text + "; " + (bounds.empty() ? "in no control group" : "bounded by " + bounds));
  return {};
}

// A device without it fetches everything, and is as good.
void Agent::open_cache() {
  if (config_.cache_max_bytes == 0) return;
  auto cache = ModelCache::open(config_.state_folder + "/models", config_.cache_max_bytes);
  if (cache)
    cache_.emplace(*std::move(cache));
  else
    news_.say(Phase::enroll, "no model is kept on disk", cache.error());
}

// The server's word alone stops a model: it could revoke the device as well.
void Agent::stop_blocked(const RunningModel& model) {
  const Error cause = blocked(model);
  models_.withdraw(model.model, describe(cause));
  news_.say(Phase::serve, "a release was blocked and stopped", cause);
  if (const auto kept = floors_.step_back(model.model, model.release); !kept)
    news_.say(Phase::serve, "no older release may take its place", kept.error());
}

std::optional<Outcome> Agent::keep_contact() {
  std::vector<RunningModel> running;
  for (const ModelName& model : config_.models)
    if (const auto present = models_.present(model)) running.push_back({model, present->release});
  const auto contact = make_contact(*client_, running);
  if (!contact) return std::nullopt;
  for (const RunningModel& model : contact->blocked)
    stop_blocked(model);
  if (contact->wanted) return Outcome::verdict_due;
  return contact->blocked.empty() ? std::nullopt : std::optional(Outcome::releases_due);
}

}  // namespace vedette::agent
