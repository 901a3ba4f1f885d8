// CaFolder: the certificate authority on disk.
//
//   ca/bundles/<n>.json     every version of the trust bundle: the newest says what is in force
//   ca/root.pem  ca/issuing.pem     the present two, for people; without bundles they say it
//   ca/issuing.key  ca/issuing-<id>.key     of the first issuing CA, and of each that followed
// <id> is of the public key; there is no file where the key lives in a token or a TPM.
// Writing the bundle is what makes a rollover happen: a key without one is nobody's.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "identity/trust_bundle.h"
#include "server/key_custody.h"

namespace vedette::server {

// All of them, oldest first; empty in a folder of before. Refuses STATE-TRUST unless each follows
// from the one before and none is missing between.
[[nodiscard]] Result<std::vector<identity::SignedTrustBundle>> load_bundles(
    const std::string& folder);

// The next of them, durable when it returns. Refuses FILE-*, and STATE-EXISTS where there is one of
// its version.
[[nodiscard]] Result<void> keep_bundle(const std::string& folder,
                                       const identity::SignedTrustBundle& bundle);

// What is in force: as the newest bundle says, or of version 0 as root.pem and issuing.pem say.
[[nodiscard]] Result<identity::TrustBundle> trust_in_force(
    const std::string& folder, const identity::TrustDomain& trust_domain,
    const std::vector<identity::SignedTrustBundle>& bundles);

// Brings root.pem and issuing.pem up to `trust`, should a rollover have been interrupted.
[[nodiscard]] Result<void> write_public_copies(const std::string& folder,
                                               const identity::TrustBundle& trust);

// The first octets of the SHA-256 of its SubjectPublicKeyInfo, in hex: names an issuing CA.
[[nodiscard]] std::string issuing_id(const crypto::Sha256Digest& spki_sha256);
[[nodiscard]] std::string issuing_key_path(const std::string& folder, const crypto::PublicKey& key);

// The key of this issuing CA, wherever it is kept. Refuses FILE-*, KEY-* and what a token refuses.
[[nodiscard]] Result<crypto::PrivateKey> find_issuing_key(const std::string& folder,
                                                          const KeyCustody& custody,
                                                          const crypto::Certificate& issuing);

}  // namespace vedette::server
