// The key in a TPM's endorsement key certificate.
#pragma once

#include "crypto/certificate.h"

namespace vedette::crypto {

// As certificate.public_key(), and also for keys whose algorithm is named id-RSAES-OAEP (RFC 4055,
// 4.1), as older TPMs' certificates do: the RSA key under that name. Refuses KEY-FORMAT and
// KEY-WEAK.
[[nodiscard]] Result<PublicKey> endorsement_public_key(const Certificate& certificate);

}  // namespace vedette::crypto
