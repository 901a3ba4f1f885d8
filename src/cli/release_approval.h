// `vedette release approve`: a second publisher stands by a release.
#pragma once

#include "cli/command_line.h"

namespace vedette::cli {

void add_release_approval(CLI::App& noun, Choice& choice);

}  // namespace vedette::cli
