// What an agent hears of its server beside its work: rollovers, and when to renew.
#include "agent/agent.h"

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
    if (auto client = link_.to_device_plane(*credentials_)) client_ = *std::move(client);
  const TimePoint now = clock_.now();
  const auto advice = renewal_advice(*client_, *credentials_, server_trust_.roots_at(now), now,
                                     server_trust_.intermediates_at(now));
  renewal_.advised(advice, clock_.now());
  if (!advice && outcome_of(advice.error()) != Outcome::unreachable)
    news_.say(Phase::serve, "renews by its own rule", advice.error());
}

}  // namespace vedette::agent
