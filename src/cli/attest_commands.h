// The verbs of 'vedette attest', each in a file of its own.
#pragma once

#include "cli/cli.h"

namespace vedette::cli {

void add_attest_verify(CLI::App& noun, Choice& choice);
void add_attest_log(CLI::App& noun, Choice& choice);
void add_attest_predict(CLI::App& noun, Choice& choice);

}  // namespace vedette::cli
