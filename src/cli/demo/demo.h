// `vedette demo`: the whole chain on real parts, then the attacks on it, within a minute.
#pragma once

#include <memory>

#include "cli/cli.h"
#include "cli/demo/stage.h"

namespace vedette::cli::demo {

// Adds the command. `stage` outlives the parsing and the command.
void add_demo_command(CLI::App& app, Choice& choice, Stage& stage);

}  // namespace vedette::cli::demo
