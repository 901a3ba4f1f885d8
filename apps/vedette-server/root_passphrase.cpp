#include "root_passphrase.h"

#include <utility>

#include "cli/passphrase.h"
#include "platform/keys/secret_file.h"

namespace vedette {

Result<SecretBytes> choose_root_passphrase(const std::string& file, bool insecure_unencrypted,
                                           const cli::Console& console) {
  if (!file.empty()) return platform::read_secret_file(file);
  if (insecure_unencrypted) return SecretBytes();
  VEDETTE_TRY(auto chosen, cli::choose_passphrase(console, "a new passphrase for the root's key",
                                                  cli::kRootKey));
  if (!chosen)
    return refuse("KEY-ROOT-OPEN", "the root's key needs a passphrase of its own", {},
                  "give --root-passphrase-file, set VEDETTE_ROOT_PASSPHRASE, run this on a "
                  "terminal, or pass --insecure-unencrypted for an authority of no value");
  return *std::move(chosen);
}

Result<SecretBytes> choose_operator_passphrase(const std::string& file, bool insecure_unencrypted,
                                               const cli::Console& console) {
  if (!file.empty()) return platform::read_secret_file(file);
  if (insecure_unencrypted) return SecretBytes();
  VEDETTE_TRY(auto chosen,
              cli::choose_passphrase(console, "a new passphrase for the operator's key",
                                     cli::kOperatorKey));
  if (!chosen)
    return refuse("KEY-OPERATOR-OPEN", "the operator's key needs a passphrase of its own", {},
                  "give a file of it, set VEDETTE_OPERATOR_PASSPHRASE, run this on a terminal, or "
                  "pass --insecure-unencrypted for an operator who may do nothing of value");
  return *std::move(chosen);
}

}  // namespace vedette
