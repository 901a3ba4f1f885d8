#include "server/caller.h"

#include <algorithm>
#include <utility>

#include "crypto/jws.h"
#include "identity/issued_certificate.h"

namespace vedette::server {

namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::size_t kKeyIdShown = 80;

std::string bearer_token(const platform::HttpRequest& request) {
  const std::string header = request.header("authorization");
  if (!header.starts_with(kBearer)) return {};
  return header.substr(kBearer.size());
}

Result<void> check_status(const identity::Device& device) {
  switch (device.status) {
    case identity::DeviceStatus::active:
      return {};
    case identity::DeviceStatus::quarantined:
      return refuse("AUTH-QUARANTINED", "this device is in quarantine", device.status_reason,
                    "an operator can reinstate it");
    case identity::DeviceStatus::revoked:
      return refuse("AUTH-REVOKED", "this device is revoked", device.status_reason);
  }
  return refuse("AUTH-REVOKED", "this device's status is unknown");
}

// Rounded up: nothing passes for younger than it is.
std::int64_t age_of(const attestation::VerifiedEar& ear, TimePoint now) {
  const auto age = std::chrono::ceil<std::chrono::seconds>(now - ear.issued_at());
  return std::max<std::int64_t>(age.count(), 0);
}

}  // namespace

std::string actor_of(const identity::SpiffeId& id) {
  return std::string(identity::to_string(id.kind())) + "/" + id.name();
}

std::string Caller::name() const {
  if (!peer) return "anonymous";
  return std::string(identity::to_string(peer->kind())) + "/" + peer->name();
}

policy::Principal Caller::principal() const {
  if (!peer) return policy::Principal::anonymous;
  return peer->kind() == identity::PrincipalKind::operator_ ? policy::Principal::operator_
                                                            : policy::Principal::device;
}

policy::Facts Caller::facts(const policy::Policy& policy, TimePoint now) const {
  using policy::Attribute;
  policy::Facts facts;
  if (!peer) return facts;
  facts.set_name(Attribute::principal_name, peer->name());
  if (peer->kind() == identity::PrincipalKind::operator_)
    facts.set_roles(policy.roles_of(peer->name()));
  if (!device) return facts;
  facts.set_name(Attribute::principal_group, device->group.str());
  if (device->sku) facts.set_name(Attribute::principal_sku, device->sku->str());
  facts.set_choice(Attribute::principal_status, to_string(device->status));
  facts.set_choice(Attribute::principal_key, to_string(device->key_kind));
  facts.set_flag(Attribute::context_attested, ear.has_value());
  if (ear) facts.set_number(Attribute::context_attestation_age, age_of(*ear, now));
  return facts;
}

// The record must be of this very key: a certificate of a former enrolment opens nothing.
Result<identity::Device> CallerJudge::find_device(const identity::PeerIdentity& peer,
                                                  const crypto::Certificate& certificate) const {
  VEDETTE_TRY(const DeviceId id, peer.device());
  std::optional<identity::Device> found;
  VEDETTE_CHECK(store.read([&](platform::UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(found, unit.devices().find(id));
    return {};
  }));
  if (!found) return refuse("AUTH-UNKNOWN", "this device is not enrolled", id.str());
  VEDETTE_CHECK(check_status(*found));
  if (certificate.spki_sha256() != found->device_key_sha256)
    return refuse("AUTH-KEY", "the certificate is for another key than the enrolled one", id.str(),
                  "enrol again");
  if (identity::is_from_before_key(certificate, *found))
    return refuse("AUTH-KEY", "the certificate is from before the device had another key meanwhile",
                  id.str(), "use the one that its last enrolment gave it, or enrol again");
  return *std::move(found);
}

Result<void> CallerJudge::check_token(const std::string& token, Caller& caller,
                                      TimePoint now) const {
  VEDETTE_TRY(const crypto::JwsHeader header, crypto::peek_jws_header(token));
  auto key = verifier_keys.find(header.key_id, now);
  if (!key)
    return refuse("EAR-KEY", "the verdict was signed by no key that is believed now",
                  header.key_id.substr(0, kKeyIdShown), "attest again");
  const attestation::EarExpectation expected{
      .verifier_key = *std::move(key),
      .issuer = verifier.str(),
      .subject = identity::SpiffeId(trust_domain, caller.device->id).str(),
      .certificate_fingerprint = caller.peer->certificate_fingerprint(),
      .now = now};
  VEDETTE_TRY(attestation::VerifiedEar ear, attestation::verify_ear(token, expected));
  if (ear.epoch() != caller.device->epoch)
    return refuse("AUTH-EPOCH", "the verdict is from before trust in this device was withdrawn",
                  "epoch " + std::to_string(ear.epoch().value) + ", now " +
                      std::to_string(caller.device->epoch.value),
                  "attest again");
  caller.ear = std::move(ear);
  return {};
}

Result<Caller> CallerJudge::identify(const platform::Connection& connection,
                                     const platform::HttpRequest& request, TimePoint now) const {
  Caller caller;
  if (!connection.peer) return caller;
  VEDETTE_TRY(caller.peer, identity::identify_peer(*connection.peer, trust_domain, now));
  VEDETTE_CHECK(identity::check_issuer(
      *connection.peer, connection.peer_issuer_key.value_or(crypto::Sha256Digest{}), trust, now));
  if (caller.peer->kind() != identity::PrincipalKind::device) return caller;
  VEDETTE_TRY(caller.device, find_device(*caller.peer, *connection.peer));
  const std::string token = bearer_token(request);
  if (!token.empty()) VEDETTE_CHECK(check_token(token, caller, now));
  return caller;
}

}  // namespace vedette::server
