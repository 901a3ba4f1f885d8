// Reference manifests (CoRIM) under `vedette reference`: import, export, inspect.
#pragma once

#include "cli/cli.h"

namespace vedette::cli {

void add_manifest_verbs(CLI::App& reference, Choice& choice);

}  // namespace vedette::cli
