// Who issued a certificate, and how one root certifies another.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace vedette::crypto {

// Whether `certificate` says that it is `issuer`'s: by name, key identifiers and the use of keys.
// No signature is checked: only for certificates that are known to be genuine.
[[nodiscard]] bool names_issuer(const Certificate& certificate, const Certificate& issuer);

// The same, and `issuer`'s key has signed it. Nothing is said of validity, constraints or purpose.
[[nodiscard]] bool is_issued_by(const Certificate& certificate, const Certificate& issuer);

// A cross-certificate: the name and key of the root `subject`, signed by the root `issuer`, from
// `not_before` until the first of the two ends. Of two roots of one name it is self-issued, as of a
// key that rolls over (RFC 4210, 4.4; RFC 7030, 4.1.3: OldWithNew, NewWithOld). Refuses
// CERT-PROFILE (either is no authority, the key is not the issuer's) and KEY-SIGN.
[[nodiscard]] Result<Certificate> issue_cross_certificate(const Certificate& subject,
                                                          const Certificate& issuer,
                                                          const PrivateKey& issuer_key,
                                                          TimePoint not_before);

}  // namespace vedette::crypto
