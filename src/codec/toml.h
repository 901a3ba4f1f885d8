// TOML configuration files, read into the same values as JSON.
#pragma once

#include <string_view>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::codec {

// Refuses TOML-SYNTAX with line and column. Dates and times are refused: no setting needs them.
[[nodiscard]] Result<Json> parse_toml(std::string_view text);

}  // namespace vedette::codec
