// What a TPM key must be, to be an endorsement, attestation or device key of ours.
//
// The attributes are the TPM's promise about a key and mean nothing by themselves: the device key's
// are proven by the AK's certification, the AK's by the credential that only its TPM can open, the
// EK's by the allow-list or by its maker's certificate.
#pragma once

#include "base/error.h"
#include "codec/tpm.h"
#include "crypto/key.h"

namespace vedette::identity {

// Refuses ENR-EK-ATTRIBUTES and ENR-EK-KEY. RSA-2048 or P-256, the two that a credential is made
// for.
[[nodiscard]] Result<crypto::PublicKey> check_endorsement_key(const codec::TpmPublic& key);

// Refuses ENR-AK-ATTRIBUTES and ENR-AK-SCHEME.
[[nodiscard]] Result<crypto::PublicKey> check_attestation_key(const codec::TpmPublic& key);

// Refuses ENR-KEY-ATTRIBUTES and ENR-KEY-KIND.
[[nodiscard]] Result<crypto::PublicKey> check_device_key(const codec::TpmPublic& key);

}  // namespace vedette::identity
