// The TPM's key derivations (TPM 2.0 Part 1, 11.4.10). For the sources of src/crypto only.
#pragma once

#include <string_view>

#include "base/secret.h"
#include "crypto/digest.h"

namespace vedette::crypto {

// KDFa: SP 800-108 in counter mode with HMAC; `context` is contextU || contextV. `label` is given
// without its terminating zero. `octets` of key are made.
[[nodiscard]] SecretBytes kdfa(Hash hash, ByteView key, std::string_view label, ByteView context,
                               std::size_t octets);

// KDFe: the one-step derivation of SP 800-56A out of a shared point's x coordinate.
[[nodiscard]] SecretBytes kdfe(Hash hash, ByteView shared_x, std::string_view label,
                               ByteView party_u, ByteView party_v, std::size_t octets);

}  // namespace vedette::crypto
