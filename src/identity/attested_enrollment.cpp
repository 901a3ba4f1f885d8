#include "identity/attested_enrollment.h"

#include <algorithm>

#include "identity/enrollment.h"
#include "identity/key_certification.h"
#include "identity/tpm_key_profile.h"

namespace vedette::identity {
namespace {

using crypto::AttestationStatement;
using crypto::CertificateRequest;

std::unexpected<Error> refuse_unknown(std::string cause) {
  return refuse("ENR-AK-UNKNOWN",
                "no device is on record by this name and with the attestation key that signed",
                std::move(cause), "prove the TPM first: POST /v1/enrollments");
}

Result<crypto::PublicKey> verify_statement(const CertifiedKey& statement,
                                           const AttestedContext& context) {
  if (!context.device) return refuse_unknown({});
  VEDETTE_TRY(const codec::TpmPublic attestation_key,
              codec::parse_tpmt_public(context.device->attestation_key));
  VEDETTE_CHECK(check_attestation_key(attestation_key));
  VEDETTE_TRY(crypto::PublicKey key, check_device_key(statement.key));
  const auto verified = verify_certification(
      attestation_key, statement.key, statement.attest, statement.signature,
      attested_binding(context.nonce, context.channel_binding, key.spki_sha256()));
  if (verified) return key;
  if (verified.error().code != "ENR-CERTIFY-SIGNATURE") return std::unexpected(verified.error());
  return refuse_unknown(verified.error().cause);
}

}  // namespace

Result<CertifiedKey> key_statement_in(std::span<const AttestationStatement> statements) {
  const auto found =
      std::ranges::find(statements, crypto::kTpmCertifyStatement, &AttestationStatement::type);
  if (found == statements.end())
    return refuse("ENR-KEY-STATEMENT", "the request holds no statement about its key", {},
                  "add TPM2_Certify of the key, as tcg-attest-tpm-certify");
  VEDETTE_TRY(auto certify, crypto::parse_tpm_certify(found->content));
  CertifiedKey statement;
  VEDETTE_TRY(statement.key, codec::parse_tpmt_public(certify.public_area));
  statement.attest = std::move(certify.attest);
  statement.signature = std::move(certify.signature);
  return statement;
}

crypto::Sha256Digest attested_binding(ByteView nonce, ByteView channel_binding,
                                      const crypto::Sha256Digest& key_sha256) {
  Bytes message = to_bytes("vedette enrollment v2");
  message.push_back(0);
  append(message, nonce);
  append(message, channel_binding);
  append(message, key_sha256);
  return crypto::sha256(message);
}

Result<DeviceId> device_named_in(const CertificateRequest& request,
                                 const TrustDomain& trust_domain) {
  const auto refuse_names = [](std::string cause) {
    return refuse("ENR-CSR-SAN", "the certification request does not name one device",
                  std::move(cause), "ask for the one URI of the device's former certificate");
  };
  if (request.alternative_name_count != 1 || request.uri_names.size() != 1)
    return refuse_names(std::to_string(request.alternative_name_count) + " names");
  const auto id = SpiffeId::parse(request.uri_names.front());
  if (!id) return refuse_names(describe(id.error()));
  if (id->kind() != PrincipalKind::device || id->trust_domain() != trust_domain)
    return refuse_names(id->str());
  return DeviceId::parse(id->name());
}

Result<Device> apply_attested_enrollment(const CertifiedKey& statement,
                                         const CertificateRequest& request,
                                         const AttestedContext& context) {
  VEDETTE_TRY(const crypto::PublicKey key, verify_statement(statement, context));
  if (!(request.public_key == key))
    return refuse("ENR-CSR-KEY",
                  "the certification request is for another key than the certified one", {},
                  "send the request for the key in the TPM that was certified");
  Device device = *context.device;
  VEDETTE_CHECK(check_enrollable(device));
  VEDETTE_CHECK(check_admitted(device, context.allowed, context.roots));
  const auto& allowed = context.allowed;
  if (allowed && allowed->endorsement_sha256 == device.endorsement_sha256) {
    if (allowed->device != device.id)
      return refuse("ENR-EK-TAKEN", "this TPM is already enrolled under another name",
                    device.id.str());
    device.group = allowed->group;
  }
  ++device.epoch.value;
  if (device.device_key_sha256 != key.spki_sha256()) device.key_since = context.now;
  device.device_key_sha256 = key.spki_sha256();
  device.key_kind = KeyKind::tpm;
  device.vouched_in.reset();
  device.enrolled_at = context.now;
  device.status_since = context.now;
  return device;
}

}  // namespace vedette::identity
