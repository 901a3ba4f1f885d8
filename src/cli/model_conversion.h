// vedette model convert: a model into ORT format, in a cage.
#pragma once

#include "cli/cli.h"

namespace vedette::cli {

void add_convert(CLI::App& model, Choice& choice);

}  // namespace vedette::cli
