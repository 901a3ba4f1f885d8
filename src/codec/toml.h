// TOML configuration files, read into the same values as JSON.
#pragma once

#include <string_view>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::codec {

// Refuses TOML-SIZE beyond 1 MiB and TOML-SYNTAX with line and column: text that is not TOML 1.0,
// and what no setting needs (dates, times, numbers that are not finite, a name of more than nine
// dotted parts, more than 32 levels). Tables come out in the alphabetical order of their keys.
[[nodiscard]] Result<Json> parse_toml(std::string_view text);

}  // namespace vedette::codec
