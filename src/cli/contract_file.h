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

// A contract that widens the sandbox passes only when whoever puts his name to it says so on the
// line, where a review sees it. Refuses CLI-WIDENING, with the sentences of widenings().
[[nodiscard]] Result<void> check_widening(const release::RuntimeContract& contract, bool accepted);

// The sentences of widenings().
[[nodiscard]] codec::Json widenings_json(const release::RuntimeContract& contract);

}  // namespace vedette::cli
