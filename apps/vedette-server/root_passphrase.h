// What encrypts the keys that are not the server's: the root's, chosen when the authority is made
// and kept apart from it, and an operator's.
#pragma once

#include <string>

#include "base/error.h"
#include "base/secret.h"
#include "cli/console.h"

namespace vedette {

// The content of `file`, VEDETTE_ROOT_PASSPHRASE, or what a person types twice, in this order.
// Empty only where `insecure_unencrypted` is said and no file is named. Refuses KEY-ROOT-OPEN when
// nobody says one, KEY-SECRET-FILE, CLI-PASSPHRASE and CLI-FAILED.
[[nodiscard]] Result<SecretBytes> choose_root_passphrase(const std::string& file,
                                                         bool insecure_unencrypted,
                                                         const cli::Console& console);

// The same for an operator's key: `file`, VEDETTE_OPERATOR_PASSPHRASE, or a person. Refuses
// KEY-OPERATOR-OPEN in place of KEY-ROOT-OPEN.
[[nodiscard]] Result<SecretBytes> choose_operator_passphrase(const std::string& file,
                                                             bool insecure_unencrypted,
                                                             const cli::Console& console);

}  // namespace vedette
