// The device's two signing keys: made once, wrapped in the state folder, loaded when needed.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/key.h"
#include "platform/tpm/esys/esys_call.h"
#include "platform/tpm/esys/key_templates.h"

namespace vedette::platform::esys {

struct LoadedKey {
  Transient handle;
  Bytes public_area;  // TPM2B_PUBLIC
};

// A primary key of `hierarchy` (an ESYS_TR). It takes one of the TPM's few slots until it goes.
[[nodiscard]] Result<LoadedKey> create_primary(ESYS_CONTEXT* context, ESYS_TR hierarchy,
                                               const TPM2B_PUBLIC& kind);

struct DeviceKeys {
  LoadedKey attestation;
  LoadedKey device;
};

// Both keys from `folder` (made with mode 0700 when absent); a new one only where the folder holds
// none. Refuses TPM-FOREIGN-STATE when this TPM did not wrap what lies there, and TPM-STATE when
// that is damaged or of another kind: an existing key is never replaced.
//
// Both at once, so that they live and die together in the TPM: after a power cycle the handle of a
// key that was loaded before can name one that was loaded after.
[[nodiscard]] Result<DeviceKeys> load_or_create_keys(ESYS_CONTEXT* context,
                                                     const std::string& folder,
                                                     AttestationKeyKind attestation);

// ECDSA over a digest that was made outside the TPM; for the unrestricted key.
[[nodiscard]] Result<crypto::EcdsaSignature> sign(ESYS_CONTEXT* context, ESYS_TR key,
                                                  const crypto::Sha256Digest& digest);

}  // namespace vedette::platform::esys
