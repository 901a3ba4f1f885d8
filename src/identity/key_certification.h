// What the attestation key says for a device key: TPM2_Certify, or a quote that carries it.
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"
#include "crypto/digest.h"

namespace vedette::identity {

// `attest` and `signature` are a certification of `certified` by `signer` that carries `binding`:
// both keys live in one TPM. Both have been checked (tpm_key_profile.h). Refuses
// ENR-CERTIFY-SIGNATURE, -MAGIC, -TYPE, -SYNTAX, -SIGNER, -NAME and -BINDING.
//
// qualifiedSigner is nameAlg || H(qualified name of the parent || name). Parents are storage keys
// that never leave the device, so it cannot be recomputed: its form is checked, and that it is not
// the plain name. The signature of a restricted key over TPM_GENERATED ties it to the signer.
[[nodiscard]] Result<void> verify_certification(const codec::TpmPublic& signer,
                                                const codec::TpmPublic& certified, ByteView attest,
                                                ByteView signature,
                                                const crypto::Sha256Digest& binding);

// They are a quote by `signer` that carries `binding`; the TPM's counters when it was made. What
// was quoted is not looked at: see key_statement.h. Refuses ENR-QUOTE-SIGNATURE, -MAGIC, -TYPE,
// -SYNTAX, -SIGNER and -BINDING.
[[nodiscard]] Result<codec::TpmClockInfo> verify_key_quote(const codec::TpmPublic& signer,
                                                           ByteView attest, ByteView signature,
                                                           const crypto::Sha256Digest& binding);

}  // namespace vedette::identity
