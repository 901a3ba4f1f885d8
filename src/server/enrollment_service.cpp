#include "server/enrollment_service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/base64.h"
#include "crypto/attestation_bundle.h"
#include "crypto/csr_attributes.h"
#include "crypto/issuance.h"
#include "crypto/tpm.h"
#include "server/answers.h"
#include "server/est.h"
#include "server/known_device.h"

namespace vedette::server {

namespace {

using codec::Json;
using identity::EnrollmentClaim;
using identity::EnrollmentRequest;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr std::string_view kBasic = "Basic ";
constexpr std::size_t kMaxSecretBytes = 64;

struct BasicCredentials {
  std::string enrollment;
  SecretBytes secret;
};

// RFC 7030, 3.2.3 by way of RFC 7617: the enrolment's id, a colon, the secret in base64url.
Result<BasicCredentials> basic_credentials(const platform::HttpRequest& request) {
  const std::string header = request.header("authorization");
  const auto missing = [] {
    return refuse("AUTH-MISSING", "the enrolment's secret is missing or malformed", {},
                  "send 'Authorization: Basic' with what TPM2_ActivateCredential returned");
  };
  if (!header.starts_with(kBasic)) return missing();
  const auto decoded = codec::from_base64(std::string_view(header).substr(kBasic.size()));
  if (!decoded) return missing();
  const std::string_view text = as_text(*decoded);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return missing();
  auto secret = codec::from_base64url(text.substr(colon + 1));
  if (!secret || secret->empty() || secret->size() > kMaxSecretBytes) return missing();
  return BasicCredentials{std::string(text.substr(0, colon)), SecretBytes(*std::move(secret))};
}

Result<HttpResponse> certs_only_answer(std::span<const crypto::Certificate> certificates,
                                       std::string content_type) {
  VEDETTE_TRY(const Bytes der, crypto::make_certs_only(certificates));
  return answer_text(std::move(content_type), codec::to_base64(der));
}

// What the log keeps of a claim.
Json details_of(const EnrollmentClaim& claim) {
  Json details;
  details.set("endorsement_sha256", to_hex(claim.endorsement_sha256));
  details.set("device_key_sha256", to_hex(claim.device_key_sha256));
  details.set("device_key", to_string(claim.key_kind));
  details.set("group", claim.group.str());
  details.set("admitted_by", claim.admission == identity::Admission::allow_list
                                 ? "allow-list"
                                 : "endorsement root");
  if (claim.token_sha256) details.set("token_sha256", to_hex(*claim.token_sha256));
  return details;
}

// As it is now: since the enrolment began it may have expired, or been used at another server.
Result<void> use_token(UnitOfWork& unit, const EnrollmentClaim& claim, TimePoint now) {
  VEDETTE_TRY(const auto token, unit.enrollment_tokens().find(*claim.token_sha256));
  VEDETTE_CHECK(identity::check_enrollment_token(token, claim, now));
  return unit.enrollment_tokens().use(*claim.token_sha256);
}

// To a device that did not hear the answer.
Result<void> tell_again(const crypto::Certificate& certificate, Matter& matter) {
  matter.details.set("serial", certificate.serial_hex()).set("again", true);
  return {};
}

}  // namespace

Result<HttpResponse> EnrollmentService::ca_certificates(const Call& /*call*/) {
  const TimePoint now = clock_.now();
  std::vector<crypto::Certificate> certificates = trust_.intermediates_at(now);
  const auto roots = trust_.roots_at(now);
  if (certificates.empty())
    return refuse("CA-EXPIRED", "no issuing authority is in force at this time", {},
                  "run 'vedette-server ca rollover issuing'");
  certificates.insert(certificates.begin() + 1, roots.begin(), roots.end());
  return certs_only_answer(certificates, "application/pkcs7-mime");
}

// A device that is known is told its own names, which a renewal must repeat.
Result<HttpResponse> EnrollmentService::csr_attributes(const Call& call) {
  std::optional<crypto::RequestedNames> names;
  if (call.caller.device) {
    const DeviceId& device = call.caller.device->id;
    names = {device.str(), identity::SpiffeId(authority_.trust_domain(), device).str()};
  }
  return answer_text("application/csrattrs", codec::to_base64(crypto::make_csr_attributes(names)));
}

Result<std::vector<identity::EndorsementRoot>> EnrollmentService::roots_for(
    UnitOfWork& unit, const identity::Device& device,
    const std::optional<identity::AllowedEndorsement>& allowed) {
  if (allowed || !device.maker_root) return std::vector<identity::EndorsementRoot>();
  return unit.enrollment_rules().roots();
}

// As it is now: an operator may have taken the TPM off since the device proved itself.
Result<void> EnrollmentService::check_admission(UnitOfWork& unit, const identity::Device& device) {
  VEDETTE_TRY(const auto allowed, unit.enrollment_rules().find(device.endorsement_sha256));
  VEDETTE_TRY(const auto roots, roots_for(unit, device, allowed));
  return identity::check_admitted(device, allowed, roots);
}

Result<EnrollmentService::Claim> EnrollmentService::verify(const EnrollmentRequest& request,
                                                           const Call& call) {
  std::optional<identity::AllowedEndorsement> allowed;
  std::vector<identity::EndorsementRoot> roots;
  std::optional<GroupId> group_on_record;
  const auto endorsement = identity::endorsement_sha256(request.endorsement_key);
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(allowed, unit.enrollment_rules().find(endorsement));
    VEDETTE_TRY(roots, unit.enrollment_rules().roots());
    VEDETTE_TRY(const auto known, unit.devices().find_by_endorsement(endorsement));
    if (known) group_on_record = known->group;
    return {};
  }));
  VEDETTE_TRY(Claim claim, identity::verify_enrollment(
                               request, {.channel_binding = call.connection.channel_binding,
                                         .allowed = std::move(allowed),
                                         .roots = roots,
                                         .now = clock_.now(),
                                         .group_on_record = group_on_record}));
  VEDETTE_CHECK(store_.read(
      [&](UnitOfWork& unit) { return check_token(unit, *claim, group_on_record.has_value()); }));
  return claim;
}

Result<void> EnrollmentService::check_token(UnitOfWork& unit, const EnrollmentClaim& claim,
                                            bool is_on_record) const {
  if (claim.token_sha256) {
    VEDETTE_TRY(const auto token, unit.enrollment_tokens().find(*claim.token_sha256));
    return identity::check_enrollment_token(token, claim, clock_.now());
  }
  const auto wants = [&](const std::string& name) {
    return name == "*" || name == claim.group.str();
  };
  if (is_on_record || std::ranges::none_of(token_groups_, wants)) return {};
  return refuse("ENR-TOKEN-MISSING", "devices of this group need a token to enrol first",
                claim.group.str(), "have an operator make one: 'vedette device token'");
}

Result<HttpResponse> EnrollmentService::begin(const Call& call) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_TRY(const EnrollmentRequest request, identity::parse_enrollment_request(body));
  sum_up_refusals();
  const auto claim = verify(request, call);
  if (claim) return challenge(*claim, call.connection);
  if (!refusals_.has_own_line()) return std::unexpected(claim.error());
  Json details;
  details.set("endorsement_sha256", to_hex(identity::endorsement_sha256(request.endorsement_key)));
  details.set("device_key", to_string(identity::claimed_kind(request.device_key)));
  details.set("address", call.connection.peer_address);
  return std::unexpected(chronicle_.refuse_matter({.kind = "enrol",
                                                   .subject = "unknown device",
                                                   .actor = call.caller.name(),
                                                   .rule = call.rule,
                                                   .details = std::move(details)},
                                                  claim.error()));
}

// The refusals were told to those whom they concern: nobody waits for this line, and one that could
// not be written is no reason to refuse what is asked for now.
void EnrollmentService::sum_up_refusals() {
  const auto summary = refusals_.due(clock_.now());
  if (!summary) return;
  Json details;
  details.set("count", summary->count).set("from", to_rfc3339(summary->from));
  static_cast<void>(chronicle_.refuse_matter(
      {.kind = "enrol",
       .subject = "unknown devices",
       .actor = "anonymous",
       .rule = {},
       .details = std::move(details)},
      Error{"ENR-MANY", "more enrolments were refused than get lines of their own", {}, {}}));
}

Result<HttpResponse> EnrollmentService::challenge(const Claim& claim,
                                                  const platform::Connection& connection) {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(const identity::OpenedEnrollment opened,
              pending_.open(claim, {connection.channel_binding, connection.peer_address}, now));
  VEDETTE_TRY(
      const crypto::MadeCredential credential,
      crypto::make_credential(claim->endorsement_key, claim->attestation_key_name, opened.secret));
  Json body;
  body.set("enrollment", opened.id).set("device", claim->device.str());
  body.set("spiffe_id", identity::SpiffeId(authority_.trust_domain(), claim->device).str());
  body.set("group", claim->group.str());
  body.set("credential_blob", codec::to_base64(credential.credential_blob));
  body.set("encrypted_secret", codec::to_base64(credential.encrypted_secret));
  body.set("expires_in",
           std::int64_t{
               std::chrono::duration_cast<std::chrono::seconds>(opened.expires_at - now).count()});
  return answer(body);
}

Result<crypto::Certificate> EnrollmentService::issue(UnitOfWork& unit, const DeviceId& device,
                                                     const crypto::PublicKey& key) const {
  VEDETTE_TRY(Signed made, sign(device, key));
  VEDETTE_CHECK(unit.certificates().add(made.record));
  return std::move(made.certificate);
}

Result<EnrollmentService::Signed> EnrollmentService::sign(const DeviceId& device,
                                                          const crypto::PublicKey& key) const {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(crypto::Certificate certificate,
              authority_.issue_device(device, key, now, certificate_lifetime_));
  VEDETTE_TRY(auto record, identity::issued(device, certificate, now));
  return Signed{std::move(certificate), std::move(record)};
}

Result<std::optional<crypto::Certificate>> EnrollmentService::issued_before(
    UnitOfWork& unit, const identity::Device& device, const crypto::Sha256Digest& key_sha256,
    const std::optional<std::string>& presented_serial) const {
  VEDETTE_TRY(const auto latest, unit.certificates().latest(device.id, key_sha256));
  if (!latest || !identity::answers_a_retry(*latest, device, presented_serial, clock_.now()))
    return std::nullopt;
  VEDETTE_TRY(crypto::Certificate certificate, crypto::Certificate::from_der(latest->der));
  if (!crypto::names_issuer(certificate, authority_.issuing())) return std::nullopt;
  return certificate;
}

Result<HttpResponse> EnrollmentService::certificate_answer(
    const crypto::Certificate& certificate) const {
  const std::array certificates{certificate, authority_.issuing()};
  return certs_only_answer(certificates, "application/pkcs7-mime; smime-type=certs-only");
}

Result<HttpResponse> EnrollmentService::simple_enroll(const Call& call) {
  VEDETTE_TRY(const Bytes der, read_pkcs10(call.request));
  VEDETTE_TRY(const crypto::CertificateRequest request, crypto::parse_certificate_request(der));
  VEDETTE_TRY(const auto bundle, crypto::attestation_bundle_of(der));
  if (bundle) return attested_enroll(call, request, *bundle);
  VEDETTE_TRY(const BasicCredentials credentials, basic_credentials(call.request));
  VEDETTE_TRY(const Claim claim,
              pending_.redeem(credentials.enrollment, credentials.secret.expose(),
                              request.public_key.spki_sha256(), clock_.now()));
  const identity::SpiffeId expected(authority_.trust_domain(), claim->device);
  VEDETTE_CHECK(identity::check_enrollment_csr(request, claim, expected));
  std::optional<crypto::Certificate> certificate;
  VEDETTE_CHECK(chronicle_.decide(
      {.kind = "enrol",
       .subject = "device/" + claim->device.str(),
       .actor = call.caller.name(),
       .rule = call.rule,
       .details = details_of(*claim)},
      [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        certificate.reset();  // what an undone run issued was not issued
        identity::KnownDevices known;
        VEDETTE_TRY(known.by_id, unit.devices().find(claim->device));
        VEDETTE_TRY(known.by_endorsement,
                    unit.devices().find_by_endorsement(claim->endorsement_sha256));
        VEDETTE_TRY(const identity::Device device,
                    identity::apply_enrollment(known, claim, clock_.now()));
        VEDETTE_CHECK(check_admission(unit, device));
        if (identity::is_enrolled_already(known, *claim)) {
          VEDETTE_TRY(certificate, issued_before(unit, *known.by_id, claim->device_key_sha256, {}));
        }
        if (certificate) return tell_again(*certificate, matter);
        if (claim->token_sha256) VEDETTE_CHECK(use_token(unit, *claim, clock_.now()));
        VEDETTE_CHECK(unit.devices().save(device));
        VEDETTE_TRY(certificate, issue(unit, device.id, request.public_key));
        matter.details.set("serial", certificate->serial_hex()).set("epoch", device.epoch.value);
        matter.details.set("group", device.group.str());
        if (device.sku) matter.details.set("sku", device.sku->str());
        if (known.by_id && known.by_id->key_kind != device.key_kind)
          matter.details.set("device_key_was", to_string(known.by_id->key_kind));
        if (known.by_id && known.by_id->attestation_key != device.attestation_key)
          matter.details.set("attestation_key_was_sha256",
                             to_hex(crypto::sha256(known.by_id->attestation_key)));
        return {};
      }));
  return certificate_answer(*certificate);
}

Result<HttpResponse> EnrollmentService::simple_reenroll(const Call& call) {
  VEDETTE_TRY(const crypto::CertificateRequest request, read_certificate_request(call.request));
  const DeviceId& device = call.caller.device->id;
  const identity::SpiffeId expected(authority_.trust_domain(), device);
  VEDETTE_CHECK(identity::check_reenrollment_csr(request, *call.connection.peer, expected));
  // Signed before its transaction, beside others: the store runs one work at a time.
  VEDETTE_TRY(const Signed made, sign(device, request.public_key));
  std::optional<crypto::Certificate> certificate;
  VEDETTE_CHECK(chronicle_.decide(
      {.kind = "renew",
       .subject = call.caller.name(),
       .actor = call.caller.name(),
       .rule = call.rule,
       .details = {}},
      [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        // As the record is now: trust may have been withdrawn since the gate looked.
        VEDETTE_TRY(const identity::Device current, known_device(unit, device));
        if (current.status != identity::DeviceStatus::active)
          return refuse("AUTH-REVOKED", "this device has lost its trust meanwhile", device.str());
        if (current.device_key_sha256 != call.caller.device->device_key_sha256)
          return refuse("AUTH-KEY", "this device has enrolled with another key meanwhile",
                        device.str());
        VEDETTE_CHECK(identity::check_renewable(current));
        VEDETTE_CHECK(check_admission(unit, current));
        VEDETTE_TRY(certificate, issued_before(unit, current, request.public_key.spki_sha256(),
                                               call.connection.peer->serial_hex()));
        if (certificate) return tell_again(*certificate, matter);
        VEDETTE_CHECK(unit.certificates().add(made.record));
        certificate = made.certificate;
        matter.details.set("serial", made.record.serial_hex);
        return {};
      }));
  return certificate_answer(*certificate);
}

}  // namespace vedette::server
