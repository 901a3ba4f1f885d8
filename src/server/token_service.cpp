#include "server/token_service.h"

#include <algorithm>
#include <array>

#include "crypto/digest.h"
#include "identity/access_token.h"
#include "server/answers.h"
#include "server/known_device.h"

namespace vedette::server {

namespace {

using codec::Json;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr std::size_t kIdOctets = 16;
constexpr codec::JsonLimits kLimits{.max_bytes = 4096, .max_depth = 2, .max_values = 8};

// What a relying party may keep of the set: a new key is published for an hour before it signs.
constexpr const char* kKeep = "public, max-age=600";

Result<std::string> audience_of(const platform::HttpRequest& request) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(request.body), kLimits));
  VEDETTE_TRY(std::string audience, body.string("audience"));
  VEDETTE_CHECK(identity::check_audience(audience));
  return audience;
}

// As the record is now: trust may have been withdrawn since the gate looked.
Result<void> check_standing(UnitOfWork& unit, const Caller& caller) {
  VEDETTE_TRY(const identity::Device current, known_device(unit, caller.device->id));
  if (current.status != identity::DeviceStatus::active)
    return refuse("AUTH-REVOKED", "this device has lost its trust meanwhile", current.id.str());
  if (current.epoch != caller.ear->epoch())
    return refuse("AUTH-EPOCH", "trust in this device was withdrawn meanwhile", current.id.str(),
                  "attest again");
  return {};
}

}  // namespace

Result<HttpResponse> TokenService::issue(const Call& call) {
  VEDETTE_TRY(const std::string audience, audience_of(call.request));
  // A policy of one's own may let a device come without: there is nothing to pass on then.
  if (!call.caller.ear)
    return refuse("TOKEN-VERDICT", "a token passes a verdict on, and none was sent", {},
                  "attest first, and send the token that attestation returns");
  const TimePoint now = clock_.now();
  const SigningKeys::Signer signer = keys_.signer(now);
  const TimePoint end =
      std::min({now + identity::kMaxAccessTokenLife, call.caller.ear->expires_at(),
                call.connection.peer->not_after()});
  const std::string id = to_hex(crypto::random_bytes(kIdOctets));
  VEDETTE_TRY(
      const std::string token,
      identity::issue_access_token(
          {.issuer = verifier_.str(),
           .subject = identity::SpiffeId(verifier_.trust_domain(), call.caller.device->id).str(),
           .audience = audience,
           .id = id,
           .group = call.caller.device->group,
           .epoch = call.caller.ear->epoch(),
           .attested_at = call.caller.ear->issued_at(),
           .certificate = call.caller.peer->certificate_fingerprint(),
           .issued_at = now,
           .expires_at = end},
          signer.key, signer.id));
  Json details;
  details.set("audience", audience).set("jti", id).set("kid", signer.id);
  details.set("exp", to_unix_seconds(end));
  VEDETTE_CHECK(chronicle_.decide(
      {.kind = "token",
       .subject = call.caller.name(),
       .actor = call.caller.name(),
       .rule = call.rule,
       .details = std::move(details)},
      [&](UnitOfWork& unit, Matter&) { return check_standing(unit, call.caller); }));
  Json body;
  body.set("access_token", token).set("token_type", "Bearer");
  body.set("expires_in", to_unix_seconds(end) - to_unix_seconds(now));
  return answer(body);
}

Result<HttpResponse> TokenService::key_set(const Call& /*call*/) {
  VEDETTE_TRY(const std::string set, crypto::to_jwk_set(keys_.published(clock_.now())));
  HttpResponse response = answer_text("application/jwk-set+json", set);
  response.headers.emplace_back("cache-control", kKeep);
  return response;
}

}  // namespace vedette::server
