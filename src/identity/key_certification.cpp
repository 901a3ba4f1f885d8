#include "identity/key_certification.h"

#include "base/secret.h"
#include "crypto/tpm.h"

namespace vedette::identity {
namespace {

using codec::TpmAttest;
using codec::TpmCertifyInfo;
using codec::TpmPublic;

Result<void> check_signature(const TpmPublic& signer, ByteView attest, ByteView signature) {
  constexpr const char* kMessage = "the attestation key did not sign the certification";
  const auto parsed = codec::parse_tpmt_signature(signature);
  if (!parsed) return refuse("ENR-CERTIFY-SIGNATURE", kMessage, describe(parsed.error()));
  const auto verified = crypto::verify_tpm_signature(signer, attest, *parsed);
  if (!verified) return refuse("ENR-CERTIFY-SIGNATURE", kMessage, describe(verified.error()));
  return {};
}

Result<TpmAttest> parse_certification(ByteView attest) {
  auto parsed = codec::parse_tpms_attest(attest);
  if (parsed) {
    if (std::holds_alternative<TpmCertifyInfo>(parsed->info)) return *std::move(parsed);
    return refuse("ENR-CERTIFY-TYPE", "the TPM's statement is not a certification of a key");
  }
  const Error& error = parsed.error();
  if (error.code == "TPM-MAGIC") return refuse("ENR-CERTIFY-MAGIC", error.message, error.cause);
  if (error.code == "TPM-ATTEST-TYPE")
    return refuse("ENR-CERTIFY-TYPE", error.message, error.cause);
  return refuse("ENR-CERTIFY-SYNTAX", "the certification is malformed", describe(error));
}

Result<void> check_signer(const TpmPublic& signer, const Bytes& qualified_signer) {
  VEDETTE_TRY(const Bytes name, crypto::tpm_name(signer));
  const bool same_form = qualified_signer.size() == name.size() &&
                         equal(ByteView(qualified_signer).first(2), ByteView(name).first(2));
  if (!same_form || qualified_signer == name)
    return refuse("ENR-CERTIFY-SIGNER",
                  "the certification names a signer that cannot be the attestation key",
                  to_hex(qualified_signer));
  return {};
}

Result<void> check_name(const TpmPublic& certified, const TpmCertifyInfo& info) {
  VEDETTE_TRY(const Bytes name, crypto::tpm_name(certified));
  if (!equal(info.name, name))
    return refuse("ENR-CERTIFY-NAME", "the certification is of another key than the device key",
                  to_hex(info.name) + " instead of " + to_hex(name));
  return {};
}

Result<void> check_binding(const Bytes& extra_data, const crypto::Sha256Digest& binding) {
  if (!equal_constant_time(extra_data, binding))
    return refuse("ENR-CERTIFY-BINDING", "the certification was not made for this connection",
                  "extraData differs from the binding of channel and device key",
                  "enrol again; if it happens every time, something between device and server "
                  "ends the TLS connection");
  return {};
}

}  // namespace

Result<void> verify_certification(const TpmPublic& signer, const TpmPublic& certified,
                                  ByteView attest, ByteView signature,
                                  const crypto::Sha256Digest& binding) {
  VEDETTE_CHECK(check_signature(signer, attest, signature));
  VEDETTE_TRY(const TpmAttest parsed, parse_certification(attest));
  VEDETTE_CHECK(check_signer(signer, parsed.qualified_signer));
  VEDETTE_CHECK(check_name(certified, std::get<TpmCertifyInfo>(parsed.info)));
  return check_binding(parsed.extra_data, binding);
}

}  // namespace vedette::identity
