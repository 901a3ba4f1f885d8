// `vedette-agent quarantine`: what is kept from running on this device, for who may read its state.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"

namespace CLI {
class App;
}

namespace vedette {

// Adds the noun with `list` and `lift`; the one that the line names becomes `command`. `config` is
// the configuration's path, read when the command runs.
void add_quarantine_commands(CLI::App& app, std::string& config,
                             std::function<Result<void>()>& command);

}  // namespace vedette
