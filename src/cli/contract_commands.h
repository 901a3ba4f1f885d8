// `vedette model contract check|diff`: a contract read aloud before anybody signs it.
#pragma once

#include "cli/cli.h"

namespace vedette::cli {

// Adds `contract` with its verbs to the noun `model`.
void add_contract_commands(CLI::App& model, Choice& choice);

}  // namespace vedette::cli
