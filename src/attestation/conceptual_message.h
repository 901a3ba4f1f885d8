// Evidence as a RATS conceptual message (draft-ietf-rats-msg-wrap, 3.1): a JSON array of its media
// type and its octets in base64url.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::attestation {

inline constexpr std::string_view kEvidenceMediaType = "application/vnd.vedette.evidence+json";

// `evidence` is the body of POST /v1/attestation/evidence.
[[nodiscard]] std::string wrap_evidence(const codec::Json& evidence);
// Refuses ATT-SYNTAX: no such array, another media type, or what is within is no JSON.
[[nodiscard]] Result<codec::Json> unwrap_evidence(std::string_view message);

}  // namespace vedette::attestation
