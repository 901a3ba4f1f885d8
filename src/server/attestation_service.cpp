#include "server/attestation_service.h"

#include <optional>
#include <utility>

#include "attestation/ear.h"
#include "codec/base64.h"
#include "identity/issued_certificate.h"
#include "server/answers.h"
#include "server/known_device.h"
#include "server/published_releases.h"
#include "server/running_releases.h"

namespace vedette::server {

namespace {

using attestation::EvidenceKind;
using attestation::EvidenceVerdict;
using codec::Json;
using platform::HttpResponse;
using platform::UnitOfWork;

// The logs of a whole boot, in base64.
constexpr codec::JsonLimits kEvidenceLimits{
    .max_bytes = std::size_t{16} << 20U, .max_depth = 4, .max_values = 64};

// How soon an operator's wish reaches a device: it asks this often.
constexpr std::chrono::seconds kContact{5};

// Up to a tenth less, so that a fleet which was started at once does not come back at once.
std::chrono::seconds jittered(std::chrono::seconds interval) {
  const std::int64_t random = crypto::random_bytes(1).front();
  constexpr std::int64_t kTenth = std::int64_t{10} * 256;
  return interval - std::chrono::seconds{interval.count() * random / kTenth};
}

// Also where the verdict is a refusal: learning and explaining need it.
Result<void> keep(UnitOfWork& unit, const DeviceId& device, const EvidenceVerdict& verdict) {
  auto& history = unit.attestations();
  if (verdict.event_log && verdict.state.event_log)
    VEDETTE_CHECK(history.keep_event_log(*verdict.state.event_log, *verdict.event_log));
  VEDETTE_CHECK(history.save(device, verdict.state));
  if (verdict.ima_list) VEDETTE_CHECK(history.keep_ima_list(device, *verdict.ima_list));
  return {};
}

// A key that was named by a quote stands or falls with the boot of that quote: accepted, it is good
// from then on; of another boot, nobody can say any more what named it.
Result<void> settle_key(UnitOfWork& unit, identity::Device& device, EvidenceVerdict& verdict) {
  if (device.key_kind == identity::KeyKind::tpm) return {};
  leave_out_hardware(verdict.appraisal.vector);
  if (!device.vouched_in) return {};
  const identity::TpmBoot boot{verdict.state.reset_count, verdict.state.restart_count};
  if (boot != *device.vouched_in) {
    verdict.appraisal = attestation::unvouched_key();
    verdict.state.affirming = false;
    return {};
  }
  if (verdict.appraisal.error) return {};
  device.vouched_in.reset();
  return unit.devices().save(device);
}

}  // namespace

struct AttestationService::Judgement {
  attestation::Appraisal appraisal;
  std::optional<identity::Device> device{};
  std::optional<Error> clone{};  // then there is no verdict
};

Result<HttpResponse> AttestationService::is_wanted(const Call& call) {
  std::vector<RunningRelease> running;
  if (const auto told = call.query.find("running"); told != call.query.end()) {
    VEDETTE_TRY(running, parse_running(told->second));
  }
  Json::Array blocked;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto found, blocked_among(unit, running));
    for (const RunningRelease& release : found)
      blocked.emplace_back(to_string(release));
    return {};
  }));
  Json body;
  body.set("wanted", requests_.is_wanted(call.caller.device->id));
  body.set("blocked", std::move(blocked));
  return answer(body);
}

Result<HttpResponse> AttestationService::want(const Call& call) {
  VEDETTE_TRY(const DeviceId id, DeviceId::parse(call.arguments.at(0)));
  Matter matter{.kind = "challenge",
                .subject = "device/" + id.str(),
                .actor = call.caller.name(),
                .rule = call.rule,
                .details = Json::Object{}};
  VEDETTE_CHECK(
      chronicle_.decide(std::move(matter), [&](UnitOfWork& unit, Matter&) -> Result<void> {
        VEDETTE_CHECK(known_device(unit, id));
        if (requests_.want(id)) return {};
        return refuse("ATT-BUSY", "too many devices are wanted at once");
      }));
  Json body;
  body.set("device", id.str()).set("within_seconds", std::int64_t{kContact.count()});
  return answer(body);
}

// Of the kind that it says; a device that says none has a TPM.
Result<const EvidenceKind*> AttestationService::kind_of(const Json& evidence) const {
  std::string name = "tpm2";
  if (evidence.find("kind") != nullptr) {
    VEDETTE_TRY(name, evidence.string("kind"));
  }
  for (const EvidenceKind* kind : settings_.kinds)
    if (kind->name() == name) return kind;
  return refuse("ATT-KIND", "this verifier does not know that kind of evidence",
                name.substr(0, 40));
}

Result<HttpResponse> AttestationService::challenge(const Call& call) {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(const Json body,
              codec::parse_json(call.request.body.empty() ? std::string_view("{}")
                                                          : as_text(call.request.body)));
  VEDETTE_TRY(const EvidenceKind* kind, kind_of(body));
  Json answered;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    const identity::Device& device = *call.caller.device;
    VEDETTE_TRY(auto last, unit.attestations().last(device.id));
    VEDETTE_TRY(const auto references, references_.find(unit, device));
    answered =
        kind->ask(attestation::said_by(device.attestation_key, std::move(last)), references.get());
    return {};
  }));
  VEDETTE_TRY(
      const attestation::Challenge challenge,
      challenges_.issue(call.caller.device->id, call.caller.peer->certificate_fingerprint(), now));
  answered.set("kind", kind->name()).set("nonce", codec::to_base64(challenge.nonce));
  answered.set(
      "expires_in",
      std::int64_t{
          std::chrono::duration_cast<std::chrono::seconds>(challenge.expires_at - now).count()});
  return answer(answered);
}

// Everything that the evidence is held against comes from the server's own memory.
Result<EvidenceVerdict> AttestationService::judge(const Exhibit& exhibit,
                                                  const identity::Device& device,
                                                  std::optional<attestation::AttestationState> last,
                                                  UnitOfWork& unit) const {
  VEDETTE_TRY(const auto references, references_.find(unit, device));
  return exhibit.kind.judge(exhibit.evidence,
                            {.attestation_key = device.attestation_key,
                             .nonce = exhibit.nonce,
                             .certificate = exhibit.call.caller.peer->certificate_fingerprint(),
                             .channel_binding = exhibit.call.connection.channel_binding,
                             .last = std::move(last),
                             .references = references.get(),
                             .is_published = published_in(unit),
                             .now = clock_.now()});
}

Result<void> AttestationService::settle(UnitOfWork& unit, const Exhibit& exhibit, Matter& matter,
                                        Judgement& judgement) const {
  judgement = {};
  matter.kind = "attest";
  matter.details = Json::Object{};
  VEDETTE_TRY(auto device, unit.devices().find(exhibit.call.caller.device->id));
  if (!device || device->status != identity::DeviceStatus::active)
    return refuse("AUTH-REVOKED", "trust in this device was withdrawn");
  const crypto::Certificate& certificate = *exhibit.call.connection.peer;
  if (certificate.spki_sha256() != device->device_key_sha256 ||
      identity::is_from_before_key(certificate, *device))
    return refuse("AUTH-KEY", "this device has enrolled with another key meanwhile",
                  device->id.str());
  VEDETTE_TRY(auto kept, unit.attestations().last(device->id));
  const auto last = attestation::said_by(device->attestation_key, std::move(kept));
  auto verdict = judge(exhibit, *device, last, unit);
  judgement.clone = verdict
                        ? clones_.second_of(device->id, exhibit.call.connection, exhibit.asked_at)
                        : clone_by_clock(verdict.error(), *device, last, exhibit.asked_at);
  if (judgement.clone) {
    VEDETTE_CHECK(quarantine_clone(unit, *device, *judgement.clone, matter, clock_.now()));
    VEDETTE_CHECK(chronicle_.enter(unit, matter, judgement.clone));
    return chronicle_.seal(unit);
  }
  if (!verdict) return std::unexpected(std::move(verdict).error());
  VEDETTE_CHECK(settle_key(unit, *device, *verdict));
  matter.details = verdict->details;
  matter.details.set("device_key", to_string(device->key_kind));
  VEDETTE_CHECK(keep(unit, device->id, *verdict));
  VEDETTE_CHECK(chronicle_.enter(unit, matter, verdict->appraisal.error));
  judgement.appraisal = std::move(verdict->appraisal);
  judgement.device = *device;
  return chronicle_.seal(unit);
}

Result<HttpResponse> AttestationService::appraise(const Call& call) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body), kEvidenceLimits));
  VEDETTE_TRY(const EvidenceKind* kind, kind_of(body));
  VEDETTE_TRY(const Bytes nonce, kind->nonce_of(body));
  Matter matter{.kind = "attest",
                .subject = call.caller.name(),
                .actor = call.caller.name(),
                .rule = call.rule,
                .details = Json::Object{}};
  const DeviceId& device = call.caller.device->id;
  const auto asked_at =
      challenges_.redeem(nonce, device, call.caller.peer->certificate_fingerprint(), clock_.now());
  if (!asked_at) return std::unexpected(chronicle_.refuse_matter(matter, asked_at.error()));
  requests_.answered(device);
  const Exhibit exhibit{call, *kind, body, nonce, *asked_at};
  Judgement judgement;
  const auto judged =
      store_.write([&](UnitOfWork& unit) { return settle(unit, exhibit, matter, judgement); });
  if (!judged) return std::unexpected(chronicle_.refuse_matter(matter, judged.error()));
  if (judgement.clone) {
    (void)disconnect_(device);
    return std::unexpected(*judgement.clone);
  }
  clones_.attested(device, call.connection, clock_.now());
  if (judgement.appraisal.error) return std::unexpected(*judgement.appraisal.error);
  return grant(call, nonce, judgement);
}

Result<HttpResponse> AttestationService::grant(const Call& call, const Bytes& nonce,
                                               const Judgement& judgement) const {
  const TimePoint now = clock_.now();
  // Validity is the verdict's, and never beyond the certificate's.
  const TimePoint end = std::min(now + settings_.lifetime, call.connection.peer->not_after());
  const SigningKeys::Signer signer = verifier_keys_.signer(now);
  VEDETTE_TRY(
      const std::string ear,
      attestation::issue_ear(
          {.issuer = verifier_.str(),
           .subject = identity::SpiffeId(verifier_.trust_domain(), judgement.device->id).str(),
           .group = judgement.device->group,
           .epoch = judgement.device->epoch,
           .status = judgement.appraisal.status,
           .vector = judgement.appraisal.vector,
           .nonce = nonce,
           .certificate_fingerprint = call.caller.peer->certificate_fingerprint(),
           .issued_at = now,
           .expires_at = end,
           .device_key = std::string(to_string(judgement.device->key_kind))},
          signer.key, signer.id));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end - now);
  Json body;
  body.set("ear", ear).set("expires_in", std::int64_t{seconds.count()});
  body.set("attest_again_in",
           std::int64_t{jittered(std::min(settings_.interval, seconds)).count()});
  body.set("epoch", judgement.device->epoch.value);
  return answer(body);
}

}  // namespace vedette::server
