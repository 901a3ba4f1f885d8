// How the agent comes to know what time it is.
#include <algorithm>

#include "agent/agent.h"
#include "agent/server_time.h"

namespace vedette::agent {

namespace {

constexpr std::chrono::hours kTimeInterval{1};
constexpr std::chrono::minutes kTimeRetry{5};

}  // namespace

void Agent::recall_time(const std::optional<TimeRecord>& record) {
  if (!record) return;
  const auto tpm = tpm_.read_clock();
  const TimeFloor floor = floor_of(*record, tpm ? std::optional(*tpm) : std::nullopt);
  time_.raise_to(floor.time);
  known_time_ = floor.time;
  if (floor.doubt) news_.say(Phase::learn_time, "the record of the time is doubtful", floor.doubt);
}

// The server may answer what it likes: without the time nothing else is done.
void Agent::begin() {
  if (const auto told = learn_time(); !told)
    return advance(Phase::learn_time, Outcome::unreachable, told.error());
  resume();
  advance(Phase::learn_time, name() ? Outcome::done : Outcome::certificate_due, {});
}

Result<void> Agent::learn_time() {
  VEDETTE_TRY(const auto domain, identity::TrustDomain::parse(config_.trust_domain));
  const TimePoint passed = time_.passed();
  VEDETTE_TRY(const auto client, link_.insecure_of_any_time(passed));
  VEDETTE_TRY(const ToldTime told, ask_time(*client, boot_, server_trust_, passed, domain));
  VEDETTE_CHECK(time_.tell(told.time, told.uncertainty));
  known_time_ = std::max(known_time_, told.time);
  const auto tpm = tpm_.read_clock();
  VEDETTE_CHECK(save_time_record(config_.state_folder,
                                 {known_time_, tpm ? std::optional(*tpm) : std::nullopt}));
  time_due_ = clock_.now() + kTimeInterval;
  return {};
}

// The clock goes on by itself meanwhile.
void Agent::learn_time_again() {
  time_due_ = clock_.now() + kTimeRetry;
  if (const auto told = learn_time(); !told)
    news_.say(Phase::serve, "did not learn the time anew", told.error());
}

}  // namespace vedette::agent
