// The public templates of the keys that we ask a TPM for.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "platform/tpm/tpm.h"

namespace vedette::platform::esys {

enum class EndorsementKind { rsa_2048, ecc_p256 };

// TCG EK Credential Profile 2.5, B.3.3 (template L-1) and B.3.4 (template L-2).
[[nodiscard]] TPM2B_PUBLIC endorsement_template(EndorsementKind kind);

// TCG TPM v2.0 Provisioning Guidance 7.5.1: ECC P-256, parent of our keys, no authorisation value.
[[nodiscard]] TPM2B_PUBLIC storage_root_template();

// Our two signing keys are fixed to this TPM and parent and have no authorisation value. Both are
// exempt from the dictionary attack lock-out: with an empty value there is nothing to guess, and
// every power cut after their use would otherwise count as a failed guess (TPM 2.0 Part 1, 19.8.6).

// Restricted: it signs nothing but what the TPM itself made. Its name and its signatures are by the
// hash of its kind.
[[nodiscard]] TPM2B_PUBLIC attestation_template(AttestationKeyKind kind);

// ECC P-256 with ECDSA and SHA-256, unrestricted.
[[nodiscard]] TPM2B_PUBLIC device_template();

}  // namespace vedette::platform::esys
