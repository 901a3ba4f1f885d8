// The commands that roll the certificate authority over.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "base/error.h"

namespace vedette {

// `rollover issuing` and `rollover root`, under `group`.
void add_rollover_commands(CLI::App& group, std::function<Result<void>()>& command);

}  // namespace vedette
