// Devices as operators read them.
#pragma once

#include <optional>

#include "attestation/reference_values.h"
#include "base/error.h"
#include "codec/json.h"
#include "identity/device.h"

namespace vedette::server {

[[nodiscard]] codec::Json to_json(const identity::Device& device,
                                  const std::optional<attestation::AttestationState>& state);

// A SHA-256 digest in lower-case hexadecimal; refuses HEX-SYNTAX.
[[nodiscard]] Result<crypto::Sha256Digest> parse_sha256(std::string_view hex);

}  // namespace vedette::server
