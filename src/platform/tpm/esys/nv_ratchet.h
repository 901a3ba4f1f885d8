// The ratchet: one NV index that can be moved on, and by no command of the TPM back.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "platform/tpm/esys/esys_call.h"

namespace vedette::platform::esys {

// TPM_NT_EXTEND over SHA-256 (Part 2, 13.2; Part 3, 31.9), written by its own authorization alone,
// read by the owner's, exempt from the dictionary attack lock-out, kept over power cycles. In the
// range that is the owner's (TCG Registry of Reserved TPM 2.0 Handles, 2.2).
inline constexpr TPM2_HANDLE kRatchetIndex = 0x01805EDE;

// None where there is no index, zeros where it was made and never moved. An index of another kind,
// an ordinary one that could be written back among them, refuses TPM-NV-FOREIGN: also below.
[[nodiscard]] Result<std::optional<crypto::Sha256Digest>> read_ratchet(ESYS_CONTEXT* context);

// Refuses TPM-COMMAND when there is one already, or the owner's hierarchy has a password.
[[nodiscard]] Result<void> make_ratchet(ESYS_CONTEXT* context, ByteView authorization);

// The value becomes SHA-256(value || digest). Refuses TPM-NV-AUTHORIZATION for a wrong
// authorization.
[[nodiscard]] Result<void> extend_ratchet(ESYS_CONTEXT* context, ByteView authorization,
                                          const crypto::Sha256Digest& digest);

// Of whatever kind what is there be; nothing happens where nothing is.
[[nodiscard]] Result<void> remove_ratchet(ESYS_CONTEXT* context);

}  // namespace vedette::platform::esys
