#include "platform/tpm/esys/endorsement.h"

#include <algorithm>
#include <string>

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include "platform/tpm/esys/marshal.h"
#include "platform/tpm/esys/nv_certificate.h"

namespace vedette::platform::esys {

namespace {

constexpr std::size_t kLargestCertificate = 8192;
constexpr UINT16 kNvChunk = 512;  // every TPM reads this much at once (PC Client Platform TPM, 4)

TPM2_HANDLE certificate_index(EndorsementKind kind) {
  return kind == EndorsementKind::rsa_2048 ? 0x01C00002 : 0x01C0000A;
}

Result<bool> supports_rsa(ESYS_CONTEXT* context) {
  TPMI_YES_NO more = TPM2_NO;
  Received<TPMS_CAPABILITY_DATA> data;
  VEDETTE_CHECK(check("Esys_GetCapability(algorithms)",
                      Esys_GetCapability(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                         TPM2_CAP_ALGS, TPM2_ALG_RSA, 1, &more, data.out())));
  const TPML_ALG_PROPERTY& found = data->data.algorithms;
  return found.count > 0 && found.algProperties[0].alg == TPM2_ALG_RSA;
}

// A reference to the index if it is defined and written, else one that holds nothing.
Result<Reference> find_written_index(ESYS_CONTEXT* context, TPM2_HANDLE index, UINT16& size,
                                     ESYS_TR& reader) {
  Reference found{context};
  const TSS2_RC code =
      Esys_TR_FromTPMPublic(context, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, found.out());
  if (tpm_says(code, TPM2_RC_HANDLE)) return Reference{context};
  VEDETTE_CHECK(check("Esys_TR_FromTPMPublic(certificate)", code));
  Received<TPM2B_NV_PUBLIC> area;
  VEDETTE_CHECK(check("Esys_NV_ReadPublic",
                      Esys_NV_ReadPublic(context, found.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                                         ESYS_TR_NONE, area.out(), nullptr)));
  if ((area->nvPublic.attributes & TPMA_NV_WRITTEN) == 0) return Reference{context};
  size = area->nvPublic.dataSize;
  reader = (area->nvPublic.attributes & TPMA_NV_AUTHREAD) != 0 ? found.get() : ESYS_TR_RH_OWNER;
  return found;
}

Result<Bytes> read_index(ESYS_CONTEXT* context, ESYS_TR index, ESYS_TR reader, UINT16 size) {
  Bytes content;
  while (content.size() < size) {
    const auto offset = static_cast<UINT16>(content.size());
    const UINT16 wanted = std::min<UINT16>(kNvChunk, static_cast<UINT16>(size - offset));
    Received<TPM2B_MAX_NV_BUFFER> part;
    VEDETTE_CHECK(
        check("Esys_NV_Read", Esys_NV_Read(context, reader, index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                           ESYS_TR_NONE, wanted, offset, part.out())));
    if (part->size != wanted)
      return refuse("TPM-COMMAND", "the TPM returned less than it was asked for", "Esys_NV_Read");
    append(content, {part->buffer, part->size});
  }
  return content;
}

// The authorisation that the endorsement key's policy asks for.
Result<Transient> endorsement_session(ESYS_CONTEXT* context) {
  TPMT_SYM_DEF no_encryption{};
  no_encryption.algorithm = TPM2_ALG_NULL;
  Transient session{context};
  VEDETTE_CHECK(check("Esys_StartAuthSession",
                      Esys_StartAuthSession(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                            ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY,
                                            &no_encryption, TPM2_ALG_SHA256, session.out())));
  // Else a session that was used is gone, and one that failed is not: flush it in either case.
  VEDETTE_CHECK(
      check("Esys_TRSess_SetAttributes",
            Esys_TRSess_SetAttributes(context, session.get(), TPMA_SESSION_CONTINUESESSION,
                                      TPMA_SESSION_CONTINUESESSION)));
  const TPM2B_NONCE no_nonce{};
  const TPM2B_DIGEST no_command{};
  const TPM2B_NONCE no_reference{};
  VEDETTE_CHECK(check("Esys_PolicySecret",
                      Esys_PolicySecret(context, ESYS_TR_RH_ENDORSEMENT, session.get(),
                                        ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_nonce,
                                        &no_command, &no_reference, 0, nullptr, nullptr)));
  return session;
}

std::unexpected<Error> bad_credential(const std::string& cause) {
  return refuse("TPM-CREDENTIAL", "the credential is not for this TPM and attestation key", cause,
                "enrol again: the server must use the keys that this device reports now");
}

// Part 3, 12.5.1: the HMAC over blob and Name fails (another object), or the secret does not
// decrypt (another endorsement key).
bool says_not_for_us(TSS2_RC code) {
  return tpm_says(code, TPM2_RC_INTEGRITY) || tpm_says(code, TPM2_RC_VALUE) ||
         tpm_says(code, TPM2_RC_SIZE) || tpm_says(code, TPM2_RC_ECC_POINT);
}

template <class T>
Result<T> take_whole(Unmarshaller<T> unmarshaller, ByteView bytes, const char* name) {
  auto value = take(unmarshaller, bytes);
  if (!value) return bad_credential(std::string(name) + ": " + value.error().cause);
  if (!bytes.empty()) return bad_credential(std::string(name) + ": octets behind its end");
  return value;
}

}  // namespace

Result<EndorsementKind> endorsement_kind(ESYS_CONTEXT* context) {
  VEDETTE_TRY(const bool rsa, supports_rsa(context));
  if (!rsa) return EndorsementKind::ecc_p256;
  VEDETTE_TRY(const auto rsa_certificate,
              endorsement_certificate(context, EndorsementKind::rsa_2048));
  if (rsa_certificate) return EndorsementKind::rsa_2048;
  VEDETTE_TRY(const auto ecc_certificate,
              endorsement_certificate(context, EndorsementKind::ecc_p256));
  return ecc_certificate ? EndorsementKind::ecc_p256 : EndorsementKind::rsa_2048;
}

Result<LoadedKey> create_endorsement_key(ESYS_CONTEXT* context, EndorsementKind kind) {
  return create_primary(context, ESYS_TR_RH_ENDORSEMENT, endorsement_template(kind));
}

Result<std::optional<Bytes>> endorsement_certificate(ESYS_CONTEXT* context, EndorsementKind kind) {
  UINT16 size = 0;
  ESYS_TR reader = ESYS_TR_NONE;
  VEDETTE_TRY(const Reference index,
              find_written_index(context, certificate_index(kind), size, reader));
  if (index.get() == ESYS_TR_NONE) return std::nullopt;
  if (size > kLargestCertificate)
    return refuse("TPM-EK-CERTIFICATE", "the TPM's endorsement certificate cannot be read",
                  std::to_string(size) + " octets");
  VEDETTE_TRY(const Bytes content, read_index(context, index.get(), reader, size));
  VEDETTE_TRY(Bytes certificate, certificate_in(content));
  return certificate;
}

Result<SecretBytes> activate_credential(ESYS_CONTEXT* context, ESYS_TR object,
                                        ESYS_TR endorsement_key, ByteView credential_blob,
                                        ByteView encrypted_secret) {
  VEDETTE_TRY(const auto blob,
              take_whole(Tss2_MU_TPM2B_ID_OBJECT_Unmarshal, credential_blob, "credential blob"));
  VEDETTE_TRY(const auto secret, take_whole(Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal,
                                            encrypted_secret, "encrypted secret"));
  VEDETTE_TRY(const Transient session, endorsement_session(context));
  Received<TPM2B_DIGEST> recovered;
  const TSS2_RC code =
      Esys_ActivateCredential(context, object, endorsement_key, ESYS_TR_PASSWORD, session.get(),
                              ESYS_TR_NONE, &blob, &secret, recovered.out());
  if (says_not_for_us(code))
    return bad_credential(check("Esys_ActivateCredential", code).error().cause);
  VEDETTE_CHECK(check("Esys_ActivateCredential", code));
  SecretBytes result{Bytes(recovered->buffer, recovered->buffer + recovered->size)};
  ::explicit_bzero(recovered->buffer, sizeof recovered->buffer);
  return result;
}

}  // namespace vedette::platform::esys
