// The one exchange of a device that is on record: EnrollmentService, its attested half.
#include <algorithm>
#include <utility>

#include "attestation/conceptual_message.h"
#include "codec/base64.h"
#include "crypto/attestation_bundle.h"
#include "server/answers.h"
#include "server/clone_watch.h"
#include "server/enrollment_service.h"
#include "server/published_releases.h"

namespace vedette::server {

namespace {

using codec::Json;
using identity::Device;
using platform::HttpResponse;
using platform::UnitOfWork;

// draft-ietf-lamps-attestation-freshness, 5.
constexpr const char* kNonceType = "application/est-attestation-freshness+json";

Result<Json> evidence_in(std::span<const crypto::AttestationStatement> statements) {
  const auto found = std::ranges::find(statements, crypto::kConceptualMessage,
                                       &crypto::AttestationStatement::type);
  if (found == statements.end())
    return refuse("ENR-QUOTE-MISSING", "the request holds no quote", {},
                  "add the evidence of an attestation, as a conceptual message");
  VEDETTE_TRY(const std::string message, crypto::parse_json_message(found->content));
  return attestation::unwrap_evidence(message);
}

// What the log keeps of a quote. A certificate says who a device is, its verdict what it runs: the
// logs that a verdict needs do not come here, and a device that has booted something else must be
// able to come in to be explained.
Json details_of(const attestation::EvidenceVerdict& verdict) {
  Json details = verdict.details;
  if (verdict.appraisal.error) details.set("refusal", verdict.appraisal.error->code);
  return details;
}

Result<std::optional<identity::AllowedEndorsement>> rule_for(UnitOfWork& unit,
                                                             const std::optional<Device>& device) {
  if (!device) return std::nullopt;
  return unit.enrollment_rules().find(device->endorsement_sha256);
}

}  // namespace

struct EnrollmentService::Attested {
  const crypto::CertificateRequest& request;
  DeviceId device;
  identity::CertifiedKey key;
  Json evidence;
  Bytes nonce;
  TimePoint asked_at{};

  // The device's record as it is, and as it is to be.
  struct Records {
    Device now;
    Device then;
  };
  [[nodiscard]] Result<Records> apply(UnitOfWork& unit, ByteView channel_binding,
                                      TimePoint at) const {
    VEDETTE_TRY(const auto on_record, unit.devices().find(device));
    VEDETTE_TRY(const auto allowed, rule_for(unit, on_record));
    std::vector<identity::EndorsementRoot> roots;
    if (on_record) {
      VEDETTE_TRY(roots, roots_for(unit, *on_record, allowed));
    }
    VEDETTE_TRY(Device applied,
                identity::apply_attested_enrollment(key, request,
                                                    {.nonce = nonce,
                                                     .channel_binding = channel_binding,
                                                     .device = on_record,
                                                     .allowed = allowed,
                                                     .roots = roots,
                                                     .now = at}));
    return Records{*on_record, std::move(applied)};
  }
};

Result<HttpResponse> EnrollmentService::nonce(const Call& call) {
  VEDETTE_TRY(const Bytes nonce, nonces_.issue(call.connection.channel_binding, clock_.now()));
  const Json asked = quotes_.kind.ask({}, nullptr);
  Json information;
  information.set("kind", quotes_.kind.name());
  for (const char* name : {"bank", "registers"})
    if (const Json* const member = asked.find(name)) information.set(name, *member);
  constexpr auto kLifetime =
      std::chrono::duration_cast<std::chrono::seconds>(identity::EnrollmentNonces::kLifetime);
  Json body;
  body.set("nonce", codec::to_base64url(nonce)).set("expiry", std::int64_t{kLifetime.count()});
  body.set("respInfo", std::move(information));
  HttpResponse response = answer_text(kNonceType, codec::to_json(body));
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

// Strangers are refused without an entry in the log, which they could fill.
Result<TimePoint> EnrollmentService::check_proof(const Call& call, const Attested& attested) {
  const ByteView channel = call.connection.channel_binding;
  const TimePoint now = clock_.now();
  VEDETTE_CHECK(nonces_.check(attested.nonce, channel, now));
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_CHECK(attested.apply(unit, channel, now));
    return {};
  }));
  return nonces_.use(attested.nonce, channel, now);
}

Result<std::optional<crypto::Certificate>> EnrollmentService::issue_attested(
    UnitOfWork& unit, Matter& matter, const Call& call, const Attested& attested) const {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(const auto records, attested.apply(unit, call.connection.channel_binding, now));
  VEDETTE_TRY(auto kept, unit.attestations().last(attested.device));
  const auto last = attestation::said_by(records.now.attestation_key, std::move(kept));
  VEDETTE_TRY(const auto references, quotes_.references.find(unit, records.then));
  const auto verdict =
      quotes_.kind.judge(attested.evidence, {.attestation_key = records.now.attestation_key,
                                             .nonce = attested.nonce,
                                             .certificate = records.then.device_key_sha256,
                                             .channel_binding = call.connection.channel_binding,
                                             .last = last,
                                             .references = references.get(),
                                             .is_published = published_in(unit),
                                             .now = now});
  if (!verdict) {
    matter.refusal = clone_by_clock(verdict.error(), records.now, last, attested.asked_at);
    if (!matter.refusal) return std::unexpected(verdict.error());
    VEDETTE_CHECK(quarantine_clone(unit, records.now, *matter.refusal, matter, now));
    return std::nullopt;
  }
  matter.details.set("quote", details_of(*verdict));
  const bool is_as_it_was = records.now.group == records.then.group &&
                            records.now.device_key_sha256 == records.then.device_key_sha256 &&
                            records.now.key_kind == records.then.key_kind &&
                            records.now.vouched_in == records.then.vouched_in;
  if (is_as_it_was) {
    VEDETTE_TRY(const auto before,
                issued_before(unit, records.now, records.now.device_key_sha256, {}));
    if (before) {
      matter.details.set("serial", before->serial_hex()).set("again", true);
      return before;
    }
  }
  VEDETTE_CHECK(unit.devices().save(records.then));
  VEDETTE_TRY(crypto::Certificate certificate,
              issue(unit, attested.device, attested.request.public_key));
  matter.details.set("serial", certificate.serial_hex()).set("epoch", records.then.epoch.value);
  return certificate;
}

Result<HttpResponse> EnrollmentService::attested_enroll(const Call& call,
                                                        const crypto::CertificateRequest& request,
                                                        ByteView bundle) {
  VEDETTE_TRY(const auto statements, crypto::parse_attestation_bundle(bundle));
  VEDETTE_TRY(DeviceId device, identity::device_named_in(request, authority_.trust_domain()));
  VEDETTE_TRY(identity::CertifiedKey key, identity::key_statement_in(statements));
  VEDETTE_TRY(Json evidence, evidence_in(statements));
  VEDETTE_TRY(Bytes nonce, quotes_.kind.nonce_of(evidence));
  Attested attested{request, std::move(device), std::move(key), std::move(evidence),
                    std::move(nonce)};
  VEDETTE_TRY(attested.asked_at, check_proof(call, attested));
  std::optional<crypto::Certificate> certificate;
  bool is_clone = false;
  const auto decided = chronicle_.decide(
      {.kind = "enrol",
       .subject = "device/" + attested.device.str(),
       .actor = call.caller.name(),
       .rule = call.rule,
       .details = {}},
      [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        is_clone = false;  // nothing of a run that was undone counts
        matter.details = Json::Object{};
        matter.details.set("admitted_by", "attestation key");
        matter.details.set("device_key_sha256", to_hex(attested.request.public_key.spki_sha256()));
        VEDETTE_TRY(certificate, issue_attested(unit, matter, call, attested));
        is_clone = matter.refusal.has_value();
        return {};
      });
  if (is_clone) (void)disconnect_(attested.device);
  if (!decided) return std::unexpected(decided.error());
  return certificate_answer(*certificate);
}

}  // namespace vedette::server
