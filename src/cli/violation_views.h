// Violation views: what models did in their cages, for a person.
#pragma once

#include <string>

#include "codec/json.h"

namespace vedette::cli {

// The server's violation with two members more, read out of its JWS: `claims`, and `tried`, the
// event in words. Both are null where the claims do not read. The signature is not checked here:
// the server checked it against the device's key before it kept the violation.
[[nodiscard]] codec::Json with_event(const codec::Json& violation);
// `{"violations":[…]}` with that done to each.
[[nodiscard]] codec::Json with_events(const codec::Json& answer);

// Of what these made.
[[nodiscard]] std::string violations_view(const codec::Json& answer);
[[nodiscard]] std::string violation_view(const codec::Json& violation);

}  // namespace vedette::cli
