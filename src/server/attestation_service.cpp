#include "server/attestation_service.h"

#include <optional>
#include <utility>

#include "attestation/appraisal.h"
#include "attestation/ear.h"
#include "codec/base64.h"
#include "server/answers.h"

namespace vedette::server {

namespace {

using attestation::QuoteEvidence;
using codec::Json;
using platform::HttpResponse;
using platform::UnitOfWork;

Json registers_of(const attestation::Quote& quote) {
  Json registers{Json::Object{}};
  for (const auto& [number, value] : quote.registers)
    registers.set(std::to_string(number), to_hex(value));
  return registers;
}

}  // namespace

struct AttestationService::Verdict {
  attestation::Appraisal appraisal;
  identity::Device device;
};

Result<HttpResponse> AttestationService::challenge(const Call& call) {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(
      const attestation::Challenge challenge,
      challenges_.issue(call.caller.device->id, call.caller.peer->certificate_fingerprint(), now));
  Json::Array registers;
  for (const std::uint8_t number : settings_.registers)
    registers.emplace_back(std::int64_t{number});
  Json body;
  body.set("nonce", codec::to_base64(challenge.nonce)).set("bank", "sha256");
  body.set("registers", std::move(registers));
  body.set(
      "expires_in",
      std::int64_t{
          std::chrono::duration_cast<std::chrono::seconds>(challenge.expires_at - now).count()});
  return answer(body);
}

// Everything that the quote is held against comes from the server's own memory.
Result<attestation::QuoteExpectation> AttestationService::expectation(const Call& call,
                                                                      const QuoteEvidence& evidence,
                                                                      UnitOfWork& unit) const {
  const identity::Device& device = *call.caller.device;
  VEDETTE_TRY(codec::TpmPublic key, codec::parse_tpmt_public(device.attestation_key));
  VEDETTE_TRY(auto last, unit.attestations().last(device.id));
  const auto binding =
      attestation::quote_binding(evidence.nonce, call.caller.peer->certificate_fingerprint());
  return attestation::QuoteExpectation{
      .attestation_key = std::move(key),
      .extra_data = to_bytes(ByteView(binding)),
      .selection = {.bank = codec::TpmAlgorithm::sha256, .registers = settings_.registers},
      .last = std::move(last),
      .firmware = {}};
}

Result<AttestationService::Verdict> AttestationService::judge(const Call& call,
                                                              const QuoteEvidence& evidence,
                                                              UnitOfWork& unit,
                                                              Matter& matter) const {
  VEDETTE_TRY(const auto expected, expectation(call, evidence, unit));
  VEDETTE_TRY(const auto quote, attestation::verify_quote(evidence, expected));
  VEDETTE_TRY(const auto device, unit.devices().find(call.caller.device->id));
  if (!device || device->status != identity::DeviceStatus::active)
    return refuse("AUTH-REVOKED", "trust in this device was withdrawn");
  VEDETTE_TRY(const auto references, unit.references().find(device->group));
  attestation::Appraisal appraisal = attestation::appraise(quote, references);
  matter.details.set("registers", registers_of(*quote)).set("rebooted", quote->rebooted);
  matter.details.set("status", attestation::to_string(appraisal.status));
  const auto state = attestation::state_after(quote, clock_.now(), !appraisal.error.has_value());
  VEDETTE_CHECK(unit.attestations().save(device->id, state));
  return Verdict{std::move(appraisal), *device};
}

Result<HttpResponse> AttestationService::appraise(const Call& call) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_TRY(const QuoteEvidence evidence, attestation::parse_quote_evidence(body));
  Matter matter{.kind = "attest",
                .subject = call.caller.name(),
                .actor = call.caller.name(),
                .rule = call.rule,
                .details = Json::Object{}};
  const auto fresh = challenges_.redeem(evidence.nonce, call.caller.device->id,
                                        call.caller.peer->certificate_fingerprint(), clock_.now());
  if (!fresh) return std::unexpected(chronicle_.refuse_matter(matter, fresh.error()));
  std::optional<Verdict> verdict;
  // A quote that verified is remembered even where its values are refused: learning and explaining
  // need it.
  const auto judged = store_.write([&](UnitOfWork& unit) -> Result<void> {
    matter.details = Json::Object{};
    VEDETTE_TRY(verdict, judge(call, evidence, unit, matter));
    VEDETTE_CHECK(chronicle_.enter(unit, matter, verdict->appraisal.error));
    return chronicle_.seal(unit);
  });
  if (!judged) return std::unexpected(chronicle_.refuse_matter(matter, judged.error()));
  if (verdict->appraisal.error) return std::unexpected(*verdict->appraisal.error);
  return grant(call, evidence, *verdict);
}

Result<HttpResponse> AttestationService::grant(const Call& call, const QuoteEvidence& evidence,
                                               const Verdict& verdict) const {
  const TimePoint now = clock_.now();
  // Validity is the verdict's, and never beyond the certificate's.
  const TimePoint end = std::min(now + settings_.lifetime, call.connection.peer->not_after());
  VEDETTE_TRY(const std::string ear,
              attestation::issue_ear(
                  {.issuer = verifier_.str(),
                   .subject = identity::SpiffeId(verifier_.trust_domain(), verdict.device.id).str(),
                   .group = verdict.device.group,
                   .epoch = verdict.device.epoch,
                   .status = verdict.appraisal.status,
                   .vector = verdict.appraisal.vector,
                   .nonce = evidence.nonce,
                   .certificate_fingerprint = call.caller.peer->certificate_fingerprint(),
                   .issued_at = now,
                   .expires_at = end},
                  verifier_key_, to_hex(verifier_key_.public_key().spki_sha256())));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end - now);
  Json body;
  body.set("ear", ear).set("expires_in", std::int64_t{seconds.count()});
  body.set("attest_again_in", std::int64_t{std::min(settings_.interval, seconds).count()});
  body.set("epoch", verdict.device.epoch.value);
  return answer(body);
}

}  // namespace vedette::server
