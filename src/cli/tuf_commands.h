// `vedette tuf`: a repository of The Update Framework.
#pragma once

#include "cli/cli.h"

namespace vedette::cli {

void add_tuf_commands(CLI::App& app, Choice& choice);

}  // namespace vedette::cli
