// `vedette model provenance`: where a model comes from, signed and verified.
#pragma once

#include "cli/command_line.h"

namespace vedette::cli {

void add_provenance_commands(CLI::App& model, Choice& choice);

}  // namespace vedette::cli
