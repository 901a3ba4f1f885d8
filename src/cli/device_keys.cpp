#include "cli/device_keys.h"

#include <CLI/CLI.hpp>

#include "identity/key_kind.h"

namespace vedette::cli {

using codec::Json;

void add_key_option(CLI::App& verb, std::vector<std::string>& keys) {
  const std::vector<std::string> kinds(identity::kKeyKinds.begin(), identity::kKeyKinds.end());
  verb.add_option("--key", keys,
                  "where the device's key may live, beside its TPM: pkcs11 or memory. Only the TPM "
                  "is proven")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(kinds));
}

void set_keys(Json& body, const std::vector<std::string>& keys) {
  if (keys.empty()) return;
  body.set("keys", Json::Array(keys.begin(), keys.end()));
}

std::string where_keys_live(const std::vector<std::string>& keys) {
  std::string others;
  for (const std::string& key : keys)
    if (key != identity::to_string(identity::KeyKind::tpm))
      others += (others.empty() ? "" : " or ") + key;
  if (others.empty()) return {};
  return ", its key in the TPM or, on its own word, elsewhere: " + others;
}

}  // namespace vedette::cli
