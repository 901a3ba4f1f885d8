// Where the keys of devices may live beside their TPMs, as an operator allows it.
#pragma once

#include <string>
#include <vector>

#include "cli/cli.h"
#include "codec/json.h"

namespace vedette::cli {

// `--key KIND`, which may be repeated.
void add_key_option(CLI::App& verb, std::vector<std::string>& keys);

// Adds `keys` to the request, where the line names any.
void set_keys(codec::Json& body, const std::vector<std::string>& keys);

// A clause for a sentence: `, its key in the TPM or as it says itself: pkcs11`; empty for the TPM.
[[nodiscard]] std::string where_keys_live(const std::vector<std::string>& keys);

}  // namespace vedette::cli
