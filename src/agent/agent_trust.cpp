// How an agent enrols, and what it hears of its server beside its work: rollovers, and when to
// renew.
#include "agent/agent.h"
#include "agent/enrollment.h"

namespace vedette::agent {

// Nothing that goes wrong here stops a device: it goes on with the roots that it trusts.
bool Agent::hear_of_rollovers(platform::HttpClient& client) {
  const auto followed = server_trust_.follow(client, clock_.now());
  if (!followed) {
    if (outcome_of(followed.error()) != Outcome::unreachable)
      news_.say(Phase::enroll, "trusts by what it knew", followed.error());
    return false;
  }
  if (!*followed) return false;
  news_.say(Phase::enroll, "trusts by bundle " + std::to_string(server_trust_.version()));
  return true;
}

void Agent::ask_when_to_renew() {
  if (hear_of_rollovers(*client_))
    if (!judge_server_anew()) return;  // the next step says why
  const TimePoint now = clock_.now();
  const auto advice = renewal_advice(*client_, *credentials_, server_trust_, now);
  renewal_.advised(advice, clock_.now());
  if (!advice && outcome_of(advice.error()) != Outcome::unreachable)
    news_.say(Phase::serve, "renews by its own rule", advice.error());
}

// A device that was on the shelf proves itself in one exchange, by its former certificate's name;
// one that the server does not know so proves its whole TPM.
Result<void> Agent::enroll_anew() {
  VEDETTE_TRY(auto client, link_.to_enrollment());
  if (hear_of_rollovers(*client)) {
    VEDETTE_TRY(client, link_.to_enrollment());
  }
  if (const auto former = load_chain(config_.state_folder);
      key_.kind == identity::KeyKind::tpm && former && *former && !(*former)->empty()) {
    auto again = enroll_attested(*client, tpm_, key_.key, (*former)->front(), &asked_to_wait_);
    if (again) return adopt(*std::move(again));
    if (outcome_of(again.error()) == Outcome::unreachable)
      return std::unexpected(std::move(again).error());
  }
  VEDETTE_TRY(const auto token, load_token(config_.enrollment_token_file));
  VEDETTE_TRY(auto chain, enroll(*client, tpm_, key_, &asked_to_wait_, token));
  return adopt(std::move(chain));
}

}  // namespace vedette::agent
