#include "agent/renewal_plan.h"

#include <span>
#include <utility>

#include "agent/lifecycle.h"
#include "codec/json.h"
#include "identity/spiffe.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

constexpr Duration kAskAfterTrouble = std::chrono::minutes(5);

}  // namespace

Result<identity::RenewalAdvice> renewal_advice(platform::HttpClient& client,
                                               const Credentials& credentials,
                                               const TrustAnchors& trust, TimePoint now) {
  VEDETTE_TRY(const auto response, client.send(platform::get_request("/v1/renewal-info")));
  VEDETTE_TRY(const codec::Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const std::string info, answer.string("renewal_info"));
  VEDETTE_TRY(const std::string pem, answer.string("signer"));
  VEDETTE_TRY(const auto signer, crypto::Certificate::from_pem(pem));
  const auto names = credentials.leaf().uri_names();  // one: make_credentials looked
  VEDETTE_TRY(identity::SpiffeId device, identity::SpiffeId::parse(names.front()));
  const auto roots = trust.roots_at(now);
  return identity::verify_renewal_info(
      info, signer, trust.issuers_among(std::span(credentials.chain).subspan(1), now),
      {.roots = roots, .device = std::move(device), .certificate = credentials.leaf(), .now = now});
}

void RenewalPlan::begin(const identity::CertificateLife& life, TimePoint now, double luck) {
  life_ = life;
  begins_ = now;
  luck_ = luck;
  failures_ = 0;
  at_ = planned_renewal(life_, std::nullopt, begins_, luck_);
  ask_at_ = now;
}

void RenewalPlan::advised(const Result<identity::RenewalAdvice>& advice, TimePoint now) {
  ask_at_ = now + (advice ? advice->ask_again : kAskAfterTrouble);
  const bool unheard = !advice && outcome_of(advice.error()) == Outcome::unreachable;
  if (unheard || failures_ > 0) return;
  const auto window = advice ? std::optional(advice->window) : std::nullopt;
  at_ = planned_renewal(life_, window, begins_, luck_);
}

void RenewalPlan::failed(TimePoint now, const std::optional<Duration>& retry_after, double luck) {
  at_ = next_renewal_attempt(life_, now, back_off(failures_, luck), retry_after, luck);
  ++failures_;
}

bool RenewalPlan::due(TimePoint now) const {
  return now >= at_;
}

bool RenewalPlan::wonders(TimePoint now) const {
  return now >= ask_at_;
}

}  // namespace vedette::agent
