// Reference manifests (CoRIM) of makers, as an operator brings them to be put in force.
#pragma once

#include <vector>

#include "attestation/corim/triples.h"
#include "attestation/reference_values.h"
#include "base/clock.h"
#include "codec/json.h"
#include "crypto/key.h"

namespace vedette::server {

// Of the server's configuration: no request adds to either.
struct ManifestRules {
  std::vector<crypto::PublicKey> signers;                  // whose manifests are believed
  std::vector<std::uint8_t> quoted;                        // the registers that every quote covers
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256;  // whose registers they are
};

struct ManifestRequest {
  Bytes manifest;
  attestation::corim::Environment environment;  // which values are wanted of it

  // Which manifest it is and for which environment, before anything of it is believed.
  [[nodiscard]] codec::Json told() const;
};

// {"manifest": "<base64>", "environment": {...}}, see attestation/corim/environment_json.h. Refuses
// JSON-*, BASE64-* and CORIM-ENVIRONMENT.
[[nodiscard]] Result<ManifestRequest> parse_manifest_request(ByteView body);

struct BelievedManifest {
  attestation::ReferenceValues values;
  codec::Json told;  // and who signed it, with which key, its name and tags, what was not taken
};

// Refuses what verify_corim and register_values refuse, and REF-UNQUOTED for a register that no
// quote covers, or has no value there of the bank that is quoted: every device would be refused.
[[nodiscard]] Result<BelievedManifest> believe(const ManifestRequest& request,
                                               const ManifestRules& rules, TimePoint now);

}  // namespace vedette::server
