// `vedette-server init` and `vedette-server ca`: the certificate authority's keys.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "base/error.h"

namespace vedette {

// Each sets `command` to what is to be done when it was chosen.
void add_ca_commands(CLI::App& app, std::function<Result<void>()>& command);

}  // namespace vedette
