// `vedette-agent floors`: how old a release may be on this device.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"

namespace CLI {
class App;
}

namespace vedette {

// `config` and `command` as in main.cpp; both outlive the parsing.
void add_floor_commands(CLI::App& app, std::string& config, std::function<Result<void>()>& command);

}  // namespace vedette
