// TPM2_Certify as evidence: the AK's word that a key lives in the same TPM.
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"
#include "crypto/digest.h"

namespace vedette::identity {

// `attest` and `signature` are a certification of `certified` by `signer` that carries `binding`.
// Both keys have been checked (tpm_key_profile.h). Refuses ENR-CERTIFY-SIGNATURE, -MAGIC, -TYPE,
// -SYNTAX, -SIGNER, -NAME and -BINDING.
//
// qualifiedSigner is nameAlg || H(qualified name of the parent || name). Parents are storage keys
// that never leave the device, so it cannot be recomputed: its form is checked, and that it is not
// the plain name. The signature of a restricted key over TPM_GENERATED ties it to the signer.
[[nodiscard]] Result<void> verify_certification(const codec::TpmPublic& signer,
                                                const codec::TpmPublic& certified, ByteView attest,
                                                ByteView signature,
                                                const crypto::Sha256Digest& binding);

}  // namespace vedette::identity
