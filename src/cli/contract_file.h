// Runtime contracts as their authors write them: TOML files.
#pragma once

#include <string>

#include "base/error.h"
#include "codec/json.h"
#include "release/runtime_contract.h"

namespace vedette::cli {

// Refuses FILE-*, CONFIG-SYNTAX (not TOML: the line) and REL-CONTRACT (the member), each naming the
// file.
[[nodiscard]] Result<release::RuntimeContract> load_contract(const std::string& path);

// The sentences of widenings().
[[nodiscard]] codec::Json widenings_json(const release::RuntimeContract& contract);

}  // namespace vedette::cli
