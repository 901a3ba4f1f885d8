// Whom an OCSP request asks, before it is answered (crypto/revocation.h).
#pragma once

#include "base/bytes.h"
#include "crypto/certificate.h"

namespace vedette::crypto {

// Whether the first certificate that a request asks about is one of `issuer`, by name and key. What
// is no request asks about nobody's.
[[nodiscard]] bool asks_about_issuer(ByteView request, const Certificate& issuer);

}  // namespace vedette::crypto
