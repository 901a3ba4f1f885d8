// Environments as JSON, for requests, logs and people:
//   {"class_id": {"oid": "<hex>"}, "vendor": "ACME", "model": "Road Runner", "layer": 0, "index":
//   0,
//    "instance": {"ueid": "<hex>"}, "group": {"uuid": "<hex>"}}
// Each member is optional, but not all of them. A class_id has "oid", "uuid" or "bytes", an
// instance "ueid", "uuid" or "bytes", a group "uuid" or "bytes".
#pragma once

#include "attestation/corim/triples.h"
#include "base/error.h"
#include "codec/json.h"

namespace vedette::attestation::corim {

[[nodiscard]] codec::Json to_json(const Environment& environment);

// Texts of 1 to 256 octets, identifiers of at most 64. Refuses CORIM-ENVIRONMENT.
[[nodiscard]] Result<Environment> parse_environment(const codec::Json& json);

}  // namespace vedette::attestation::corim
