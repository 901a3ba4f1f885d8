// Passphrases: from the environment, or from a person who is not shown what she types.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/secret.h"
#include "cli/console.h"

namespace vedette::cli {

// One kind of key, so that keys of two kinds that one command needs may have two passphrases.
struct PassphraseOf {
  const char* variable;  // of the environment
};
inline constexpr PassphraseOf kSigningKey{"VEDETTE_KEY_PASSPHRASE"};
inline constexpr PassphraseOf kRootKey{"VEDETTE_ROOT_PASSPHRASE"};
inline constexpr PassphraseOf kOperatorKey{"VEDETTE_OPERATOR_PASSPHRASE"};

// What the variable holds, else the answer to `prompt` on the terminal with echo off; none when the
// variable is not set and nobody can be asked. An empty answer refuses CLI-PASSPHRASE; a terminal
// that fails, CLI-FAILED.
[[nodiscard]] Result<std::optional<SecretBytes>> find_passphrase(const Console& console,
                                                                 const std::string& prompt,
                                                                 PassphraseOf key = kSigningKey);
// The same for a new passphrase, which a person types twice.
[[nodiscard]] Result<std::optional<SecretBytes>> choose_passphrase(const Console& console,
                                                                   const std::string& prompt,
                                                                   PassphraseOf key = kSigningKey);

}  // namespace vedette::cli
