// The endorsement key: what kind this TPM has, its certificate, and what it proves.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "platform/tpm/esys/key_templates.h"
#include "platform/tpm/esys/signing_keys.h"

namespace vedette::platform::esys {

// RSA 2048; ECC P-256 when the TPM has no RSA, or when its maker certified only that one.
[[nodiscard]] Result<EndorsementKind> endorsement_kind(ESYS_CONTEXT* context);

[[nodiscard]] Result<LoadedKey> create_endorsement_key(ESYS_CONTEXT* context, EndorsementKind kind);

// DER from 0x01C00002 (RSA) or 0x01C0000A (ECC); none where the index was not defined or not
// written. Refuses TPM-EK-CERTIFICATE when what is there is no certificate.
[[nodiscard]] Result<std::optional<Bytes>> endorsement_certificate(ESYS_CONTEXT* context,
                                                                   EndorsementKind kind);

// TPM2_ActivateCredential. Refuses TPM-CREDENTIAL when the two are not well-formed, or were made
// for another object than `object` or another endorsement key (TPM-COMMAND where the TPM, as
// libtpms does, takes the latter for a fault of its own).
[[nodiscard]] Result<SecretBytes> activate_credential(ESYS_CONTEXT* context, ESYS_TR object,
                                                      ESYS_TR endorsement_key,
                                                      ByteView credential_blob,
                                                      ByteView encrypted_secret);

}  // namespace vedette::platform::esys
