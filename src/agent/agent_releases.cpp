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

Error taken_back(const RunningModel& model) {
  return {"REL-UNLISTED", "its publisher took the release back that ran",
          model.model.str() + " release " + std::to_string(model.release),
          "another release is looked for at once"};
}

}  // namespace

// Every model is tried, so that one bad release does not keep the others away; the first refusal is
// told.
Result<void> Agent::fetch_all() {
  releases_due_ = clock_.now() + config_.poll_interval;
  VEDETTE_TRY(const Verdict verdict, trust_.current());
  ListedReleases::Round listed(listed_, *client_, verdict.ear, clock_);
  for (const RunningModel& model : listed.taken_back(running()))
    stop_for_good(model, "a release was taken back and stopped", taken_back(model));
  Result<void> first;
  for (const ModelName& model : config_.models) {
    const auto served = fetch_one(verdict, listed, model);
    if (!served && first) first = std::unexpected(served.error());
  }
  return first;
}

Result<void> Agent::fetch_one(const Verdict& verdict, ListedReleases::Round& listed,
                              const ModelName& model) {
  VEDETTE_TRY(auto fetched, fetch_newer(*client_, verdict.ear, config_, anchors_.publishers,
                                        floors_, *quarantine_, partial_[model.str()], listed, model,
                                        models_.present(model)));
  if (!fetched) return {};
  const std::uint64_t release = fetched->about.release;
  const std::string text = model.str() + " release " + std::to_string(release) +
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

std::vector<RunningModel> Agent::running() {
  std::vector<RunningModel> running;
  for (const ModelName& model : config_.models)
    if (const auto present = models_.present(model)) running.push_back({model, present->release});
  return running;
}

void Agent::stop_for_good(const RunningModel& model, const std::string& text, const Error& cause) {
  models_.withdraw(model.model, describe(cause));
  news_.say(Phase::serve, text, cause);
  if (const auto kept = floors_.step_back(model.model, model.release); !kept)
    news_.say(Phase::serve, "no older release may take its place", kept.error());
}

// The server's word alone stops a model: it could revoke the device as well.
std::optional<Outcome> Agent::keep_contact() {
  const auto contact = make_contact(*client_, running());
  if (!contact) return std::nullopt;
  for (const RunningModel& model : contact->blocked)
    stop_for_good(model, "a release was blocked and stopped", blocked(model));
  if (contact->wanted) return Outcome::verdict_due;
  return contact->blocked.empty() ? std::nullopt : std::optional(Outcome::releases_due);
}

}  // namespace vedette::agent
