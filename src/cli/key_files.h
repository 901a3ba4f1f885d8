// Key files: the keys that sign models and the keys that are trusted to.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "platform/keys/key_provider.h"

namespace vedette::cli {

// The private key in `path` (PKCS #8 PEM); an encrypted one is opened with the passphrase of
// cli/passphrase.h. Or the key that `path` names in a token (`pkcs11:...`), which `keys` opens.
// Refuses FILE-*, CLI-PASSPHRASE, and what PrivateKey::from_pem or the token refuses.
[[nodiscard]] Result<crypto::PrivateKey> load_signing_key(const std::string& path,
                                                          const Console& console,
                                                          platform::KeyProvider* keys = nullptr);

// The public keys in `paths` (PEM, one in each). Refuses FILE-*, KEY-*, naming the file.
[[nodiscard]] Result<std::vector<crypto::PublicKey>> load_public_keys(
    const std::vector<std::string>& paths);

// The certificates in `path` (PEM, in their order); none when it is empty. Refuses FILE-* and
// CERT-SYNTAX.
[[nodiscard]] Result<std::vector<crypto::Certificate>> load_certificates(const std::string& path);

}  // namespace vedette::cli
