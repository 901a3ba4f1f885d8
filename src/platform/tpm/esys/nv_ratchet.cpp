#include "platform/tpm/esys/nv_ratchet.h"

#include <algorithm>
#include <string>

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include "platform/tpm/esys/marshal.h"

namespace vedette::platform::esys {

namespace {

constexpr UINT16 kDigestOctets = std::tuple_size_v<crypto::Sha256Digest>;
constexpr TPMA_NV kAttributes = TPMA_NV_AUTHWRITE | TPMA_NV_OWNERREAD | TPMA_NV_NO_DA |
                                (static_cast<TPMA_NV>(TPM2_NT_EXTEND) << TPMA_NV_TPM2_NT_SHIFT);

TPM2B_NV_PUBLIC ratchet_template() {
  TPM2B_NV_PUBLIC area{};
  area.nvPublic.nvIndex = kRatchetIndex;
  area.nvPublic.nameAlg = TPM2_ALG_SHA256;
  area.nvPublic.attributes = kAttributes;
  area.nvPublic.dataSize = kDigestOctets;
  return area;
}

// A reference that holds nothing where there is no index.
Result<Reference> find(ESYS_CONTEXT* context) {
  Reference found{context};
  const TSS2_RC code = Esys_TR_FromTPMPublic(context, kRatchetIndex, ESYS_TR_NONE, ESYS_TR_NONE,
                                             ESYS_TR_NONE, found.out());
  if (tpm_says(code, TPM2_RC_HANDLE)) return Reference{context};
  VEDETTE_CHECK(check("Esys_TR_FromTPMPublic(ratchet)", code));
  return found;
}

// Whether it was written. Exactly our attributes: with one more bit somebody could write it back.
Result<bool> check_kind(ESYS_CONTEXT* context, ESYS_TR index) {
  Received<TPM2B_NV_PUBLIC> area;
  VEDETTE_CHECK(
      check("Esys_NV_ReadPublic", Esys_NV_ReadPublic(context, index, ESYS_TR_NONE, ESYS_TR_NONE,
                                                     ESYS_TR_NONE, area.out(), nullptr)));
  const TPMS_NV_PUBLIC& is = area->nvPublic;
  const TPMA_NV attributes = is.attributes & ~static_cast<TPMA_NV>(TPMA_NV_WRITTEN);
  if (attributes == kAttributes && is.nameAlg == TPM2_ALG_SHA256 && is.dataSize == kDigestOctets &&
      is.authPolicy.size == 0)
    return (is.attributes & TPMA_NV_WRITTEN) != 0;
  return refuse("TPM-NV-FOREIGN", "the TPM's index for releases is not of the kind that we make",
                "index 0x01805EDE, attributes " + std::to_string(is.attributes),
                "does other software use it? Else somebody replaced it");
}

// The library keeps a copy with the reference; ours is wiped.
Result<void> authorize(ESYS_CONTEXT* context, ESYS_TR index, ByteView authorization) {
  VEDETTE_TRY(TPM2B_AUTH value, sized_buffer<TPM2B_AUTH>(authorization));
  const TSS2_RC code = Esys_TR_SetAuth(context, index, &value);
  ::explicit_bzero(&value, sizeof value);
  return check("Esys_TR_SetAuth", code);
}

}  // namespace

Result<std::optional<crypto::Sha256Digest>> read_ratchet(ESYS_CONTEXT* context) {
  VEDETTE_TRY(const Reference index, find(context));
  if (index.get() == ESYS_TR_NONE) return std::nullopt;
  VEDETTE_TRY(const bool written, check_kind(context, index.get()));
  crypto::Sha256Digest value{};
  if (!written) return value;
  Received<TPM2B_MAX_NV_BUFFER> content;
  VEDETTE_CHECK(check("Esys_NV_Read(ratchet)",
                      Esys_NV_Read(context, ESYS_TR_RH_OWNER, index.get(), ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE, kDigestOctets, 0, content.out())));
  if (content->size != kDigestOctets)
    return refuse("TPM-COMMAND", "the TPM returned less than it was asked for", "Esys_NV_Read");
  std::copy_n(content->buffer, kDigestOctets, value.begin());
  return value;
}

Result<void> make_ratchet(ESYS_CONTEXT* context, ByteView authorization) {
  VEDETTE_TRY(TPM2B_AUTH value, sized_buffer<TPM2B_AUTH>(authorization));
  const TPM2B_NV_PUBLIC area = ratchet_template();
  Reference made{context};
  const TSS2_RC code = Esys_NV_DefineSpace(context, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                           ESYS_TR_NONE, ESYS_TR_NONE, &value, &area, made.out());
  ::explicit_bzero(&value, sizeof value);
  return check("Esys_NV_DefineSpace(ratchet)", code);
}

Result<void> extend_ratchet(ESYS_CONTEXT* context, ByteView authorization,
                            const crypto::Sha256Digest& digest) {
  VEDETTE_TRY(const Reference index, find(context));
  if (index.get() == ESYS_TR_NONE)
    return refuse("TPM-NV-FOREIGN", "the TPM's index for releases is gone");
  VEDETTE_CHECK(check_kind(context, index.get()));
  VEDETTE_CHECK(authorize(context, index.get(), authorization));
  VEDETTE_TRY(const TPM2B_MAX_NV_BUFFER data, sized_buffer<TPM2B_MAX_NV_BUFFER>(digest));
  const TSS2_RC code = Esys_NV_Extend(context, index.get(), index.get(), ESYS_TR_PASSWORD,
                                      ESYS_TR_NONE, ESYS_TR_NONE, &data);
  if (tpm_says(code, TPM2_RC_BAD_AUTH) || tpm_says(code, TPM2_RC_AUTH_FAIL))
    return refuse("TPM-NV-AUTHORIZATION", "the TPM's index for releases has another authorization",
                  "index 0x01805EDE", "the state folder is not the one that made it");
  return check("Esys_NV_Extend(ratchet)", code);
}

Result<void> remove_ratchet(ESYS_CONTEXT* context) {
  VEDETTE_TRY(Reference index, find(context));
  if (index.get() == ESYS_TR_NONE) return {};
  VEDETTE_CHECK(check("Esys_NV_UndefineSpace(ratchet)",
                      Esys_NV_UndefineSpace(context, ESYS_TR_RH_OWNER, index.get(),
                                            ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE)));
  *index.out() = ESYS_TR_NONE;  // the library let go of it
  return {};
}

}  // namespace vedette::platform::esys
