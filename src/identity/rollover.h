// Rollover: what the offline root key signs, from the first certificates on.
//
// Pure: the present bundle and keys come in, the next bundle goes out, and is in force for whoever
// keeps or receives it.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "identity/spiffe.h"
#include "identity/trust_bundle.h"

namespace vedette::identity {

// A root of ten years, self-signed.
[[nodiscard]] Result<crypto::Certificate> issue_root_certificate(const crypto::PrivateKey& key,
                                                                 TimePoint now);
// An issuing CA of one year, path length 0, constrained to URIs of the trust domain.
[[nodiscard]] Result<crypto::Certificate> issue_issuing_certificate(
    const TrustDomain& trust_domain, const crypto::PublicKey& key, const crypto::Certificate& root,
    const crypto::PrivateKey& root_key, TimePoint now);

// Version 1, of an authority as it was made. Refuses CA-ROOT-KEY where the key is not the root's.
[[nodiscard]] Result<SignedTrustBundle> first_bundle(const TrustDomain& trust_domain,
                                                     const crypto::Certificate& root,
                                                     const crypto::Certificate& issuing,
                                                     const crypto::PrivateKey& root_key,
                                                     TimePoint now);

// Former authorities are trusted until `now` and `overlap`, which may be zero. Both refuse
// CA-ROOT-KEY where `root_key` is not the present root's, CA-ROLLOVER where there would be more
// former ones than a bundle holds, and what signing refuses.
//
// Another issuing CA, under the same root. Refuses CA-ROLLOVER for the key that it has.
[[nodiscard]] Result<SignedTrustBundle> roll_issuing(const SignedTrustBundle& present,
                                                     const crypto::PublicKey& issuing_key,
                                                     const crypto::PrivateKey& root_key,
                                                     TimePoint now, Duration overlap);
// Another root, certified by the present one and the other way round; the issuing CA keeps its key
// and gets a certificate of the new root. Refuses CA-ROOT-KEY for a new key that is the old one
// too.
[[nodiscard]] Result<SignedTrustBundle> roll_root(const SignedTrustBundle& present,
                                                  const crypto::PrivateKey& new_key,
                                                  const crypto::PrivateKey& root_key, TimePoint now,
                                                  Duration overlap);

}  // namespace vedette::identity
