// Reference manifests as JSON and in words.
#pragma once

#include <string>

#include "attestation/corim/corim.h"
#include "codec/json.h"

namespace vedette::cli {

// `vendor ACME, model drone, layer 1`; identifiers as `class oid 2b06`.
[[nodiscard]] std::string in_words(const attestation::corim::Environment& environment);

// Everything that was read of it.
[[nodiscard]] codec::Json corim_json(const attestation::corim::Corim& manifest);
// Who says it, for how long, and for each environment what; of what registers cannot show, that it
// is there.
[[nodiscard]] std::string corim_view(const attestation::corim::Corim& manifest);

}  // namespace vedette::cli
