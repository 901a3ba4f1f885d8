// vedette model delta, vedette model patch: a release told by what changed since another.
#pragma once

#include "cli/cli.h"

namespace vedette::cli {

void add_delta_commands(CLI::App& model, Choice& choice);

}  // namespace vedette::cli
