// What a verifier without a TPM computes about a TPM's keys.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/secret.h"
#include "codec/tpm.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::crypto {

// None for SHA-1, and for what is no hash.
[[nodiscard]] std::optional<Hash> tpm_hash(codec::TpmAlgorithm algorithm);

// Refuses KEY-FORMAT and KEY-WEAK as PublicKey does.
[[nodiscard]] Result<PublicKey> public_key_of(const codec::TpmPublic& tpm_public);

// Name = nameAlg || H_nameAlg(TPMT_PUBLIC) (TPM 2.0 Part 1, 16). SHA-1 refuses TPM-HASH.
[[nodiscard]] Result<Bytes> tpm_name(const codec::TpmPublic& tpm_public);

// Verifies `signature` over `attest` by `signer`. Its algorithm and hash must be the key's own
// fixed scheme; SHA-1 and a key without a fixed scheme are refused: TPM-SIGNATURE-SCHEME,
// SIG-INVALID.
[[nodiscard]] Result<void> verify_tpm_signature(const codec::TpmPublic& signer, ByteView attest,
                                                const codec::TpmSignature& signature);

// TPM2_MakeCredential computed in software (Part 1, 24; Part 3, 12.6): only the TPM that holds the
// private part of `endorsement_key` and an object named `object_name` can recover `secret`.
struct MadeCredential {
  Bytes credential_blob;   // TPM2B_ID_OBJECT
  Bytes encrypted_secret;  // TPM2B_ENCRYPTED_SECRET
};

// RSA-2048 and ECC P-256 storage keys with SHA-256 names and AES-128-CFB; others refuse
// TPM-EK-KIND. `secret` is 1 to 32 octets (TPM-SECRET-SIZE), `object_name` as tpm_name makes it
// (TPM-NAME).
[[nodiscard]] Result<MadeCredential> make_credential(const codec::TpmPublic& endorsement_key,
                                                     ByteView object_name,
                                                     const SecretBytes& secret);

}  // namespace vedette::crypto
