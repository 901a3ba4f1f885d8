// Attest views: explanations, verdicts, logs and predictions, for a person. Pure.
#pragma once

#include <string>

#include "codec/json.h"

namespace vedette::cli {

// The server's answer to GET /v1/devices/{id}/explanation.
[[nodiscard]] std::string explanation_view(const codec::Json& answer);
// What 'vedette attest verify', 'log' and 'predict' print with -o json.
[[nodiscard]] std::string verdict_view(const codec::Json& verdict);
[[nodiscard]] std::string log_view(const codec::Json& log);
[[nodiscard]] std::string prediction_view(const codec::Json& prediction);

}  // namespace vedette::cli
