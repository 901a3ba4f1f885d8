// How an agent comes by releases, and how it lets go of them.
#include <utility>

#include "agent/agent.h"
#include "agent/contact.h"

namespace vedette::agent {

namespace {

// How often the server is asked what it wants at once: devices cannot be called.
constexpr std::chrono::seconds kContact{5};
// How far a download may delay that, since another connection has to be made after it was broken
// off. So a block is heard of within a minute of a download, too.
constexpr std::chrono::seconds kLongestDelay{55};
constexpr std::chrono::milliseconds kPace{250};

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
  return {"REL-BLOCKED", "an operator blocked the release",
          model.model.str() + " release " + std::to_string(model.release),
          "see 'vedette log list' for the reason; another release is looked for at once"};
}

Error taken_back(const RunningModel& model) {
  return {"REL-UNLISTED", "its publisher took back the release that ran, or ran last",
          model.model.str() + " release " + std::to_string(model.release),
          "another release is looked for at once"};
}

}  // namespace

// Every model is tried, so that one bad release does not keep the others away; the first refusal is
// told.
Result<void> Agent::fetch_all() {
  releases_due_ = clock_.now() + config_.poll_interval;
  VEDETTE_TRY(const Verdict verdict, trust_.current());
  PacedClient client(*client_, [this] { return keep_pace(false); });
  ListedReleases::Round listed(listed_, client, verdict.ear, clock_);
  for (const RunningModel& model : listed.taken_back(held_to_the_list()))
    (void)stop_for_good(model, "taken back", taken_back(model));  // another is looked for now
  Result<void> first;
  for (auto model = config_.models.begin(); model != config_.models.end();) {
    VEDETTE_TRY(const bool goes_on, has_time_for_more());
    if (!goes_on) return first;
    const auto served = fetch_one(verdict, listed, *model);
    if (!served && served.error().code == "AGT-CONTACT-DUE") continue;  // the same one, after it
    if (!served && is_put_off(served.error())) return served;
    if (!served && first) first = std::unexpected(served.error());
    ++model;
  }
  return first;
}

// With each piece of what is downloaded. The metadata of a repository is small, and is asked for
// from its beginning when that was broken off: only the agent's end does so.
Result<void> Agent::keep_pace(bool gives_way) {
  const TimePoint now = clock_.now();
  if (now < pace_due_ && pace_due_ - now <= kPace) return {};
  pace_due_ = now + kPace;
  end_expired(now);
  constexpr const char* kHint = "the download goes on afterwards";
  if (is_stopping()) return refuse("AGT-STOPPING", "the agent stops");
  if (!gives_way) return {};
  if (is_verdict_due(now))
    return refuse("AGT-VERDICT-DUE", "the device is to attest again first", {}, kHint);
  if (renewal_.due(now))
    return refuse("AGT-CERTIFICATE-DUE", "the device's certificate is to be renewed first", {},
                  kHint);
  if (now >= contact_due_ + kLongestDelay)
    return refuse("AGT-CONTACT-DUE", "the server is to be asked first what it wants", {}, kHint);
  return {};
}

// A download takes long enough for a block to come. What is wanted is asked for again, or looked
// for again, as soon as this is over.
Result<bool> Agent::has_time_for_more() {
  if (clock_.now() < contact_due_) return true;
  const auto duty = keep_contact();
  if (!duty) return true;
  if (duty->cause) return std::unexpected(*duty->cause);
  (duty->outcome == Outcome::releases_due ? releases_due_ : contact_due_) = clock_.now();
  return false;
}

Result<void> Agent::fetch_one(const Verdict& verdict, ListedReleases::Round& listed,
                              const ModelName& model) {
  ModelFiles& files = files_.try_emplace(model.str(), cache_ ? &*cache_ : nullptr).first->second;
  PacedClient client(*client_, [this] { return keep_pace(true); });
  auto newer = fetch_newer(client, verdict.ear,
                           {.config = config_,
                            .publishers = anchors_.publishers,
                            .floors = floors_,
                            .quarantine = *quarantine_,
                            .refused = refused_,
                            .clock = clock_},
                           files, listed, model, models_.present(model));
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
  const bool by_two = fetched->by_two;
  const auto statement = fetched->statement;
  const auto root = fetched->about.model_root;
  const auto published = models_.publish(
      *std::move(fetched), [&] { return floors_.accept(model, release, never_below, by_two); });
  // A quarantine is lifted by an operator, who is not to wait then.
  if (!published && !is_break(published.error()) && !quarantine_->contains(root))
    refused_.add(model, statement, published.error(), clock_.now());
  VEDETTE_CHECK(published);
  const std::string bounds = models_.bounded_by(model);
  news_.say(Phase::fetch,
            text + "; " + (bounds.empty() ? "in no control group" : "bounded by " + bounds));
  return {};
}

// Whatever is in the making ends with it: nothing answers beyond its contract's time.
void Agent::end_expired(TimePoint now) {
  for (const ModelName& model : config_.models) {
    const auto hold = models_.find(model.str(), std::nullopt);
    if (!hold) continue;
    const auto lasts = (*hold)->model().check_time(now);
    if (lasts) continue;
    models_.withdraw(model, describe(lasts.error()));
    news_.say(Phase::serve, "a contract's time is over", lasts.error());
  }
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

// The server's word alone stops a model: it could revoke the device as well. A floor that could not
// fall yet is told at the next contact, as nothing runs then, and falls when it is blocked again.
bool Agent::stop_for_good(const RunningModel& model, const std::string& what, const Error& cause) {
  const auto present = models_.present(model.model);
  const bool runs = present && present->release == model.release;
  if (runs) {
    models_.withdraw(model.model, describe(cause));
    said_.erase(model.model.str());  // stopped again is news again
  }
  say_once(model.model.str(),
           runs ? "a release was " + what + " and stopped" : "a release is " + what, cause);
  const std::uint64_t before = floors_.of(model.model);
  if (const auto kept = floors_.step_back(model.model, model.release); !kept)
    say_once(model.model.str() + ", floor", "no older release may take its place yet",
             kept.error());
  return runs || floors_.of(model.model) != before;
}

std::vector<RunningModel> Agent::concerned_models() {
  std::vector<RunningModel> models;
  for (const ModelName& model : config_.models) {
    const auto present = models_.present(model);
    const auto runs = present ? std::optional(present->release) : std::nullopt;
    if (auto one = concerned(model, runs, floors_.of(model))) models.push_back(*std::move(one));
  }
  return models;
}

// What runs, and what ran last where a floor could fall: an older release that its publisher still
// vouches for may take the place of one that was taken back while the device was off.
std::vector<RunningModel> Agent::held_to_the_list() {
  std::vector<RunningModel> models;
  for (const RunningModel& model : concerned_models())
    if (const ReleaseFloor floor = floors_.floor(model.model);
        models_.present(model.model) || floor.never_below < floor.last_good)
      models.push_back(model);
  return models;
}

void Agent::say_once(const std::string& about, std::string text, const Error& error) {
  const std::string said = describe(error);
  if (std::exchange(said_[about], said) != said) news_.say(Phase::serve, std::move(text), error);
}

std::optional<Agent::Duty> Agent::keep_contact() {
  constexpr const char* kContactItself = "";  // no model's name
  contact_due_ = clock_.now() + kContact;
  const auto contact = make_contact(*client_, concerned_models());
  if (!contact) {
    const Error& failure = contact.error();
    if (const auto outcome = duty_after(failure)) return Duty{*outcome, failure};
    if (!failure.code.starts_with("NET-"))
      say_once(kContactItself, "the server did not tell what is blocked", failure);
    return std::nullopt;
  }
  if (contact->doubt)
    say_once(kContactItself, "the server's word is heard in part", *contact->doubt);
  else
    said_.erase(kContactItself);
  bool may_be_followed = false;
  for (const RunningModel& model : contact->blocked)
    may_be_followed |= stop_for_good(model, "blocked", blocked(model));
  if (contact->wanted) return Duty{Outcome::verdict_due};
  return may_be_followed ? std::optional(Duty{Outcome::releases_due}) : std::nullopt;
}

}  // namespace vedette::agent
