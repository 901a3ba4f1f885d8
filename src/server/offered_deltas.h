// Deltas that are published with a release, and offered to devices that have one of their bases.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "codec/json.h"
#include "crypto/key.h"
#include "release/delta/release_delta.h"
#include "release/registry.h"

namespace vedette::server {

inline constexpr std::size_t kMostBases = 8;  // that a device may name

// `"deltas"` of a release that is being published, which may be missing: envelopes as received.
// Each is verified, makes `file`, and starts from another base. Refuses what verify_release_delta
// refuses, DELTA-MANY and JSON-*.
[[nodiscard]] Result<std::vector<release::ReleaseDelta>> read_deltas(
    const codec::Json& body, std::span<const crypto::PublicKey> publishers,
    const release::FileIdentity& file);

// `?having=SHA256,...` of a device that names what it has; none: it names nothing. Refuses
// HTTP-QUERY.
[[nodiscard]] Result<std::vector<crypto::Sha256Digest>> parse_having(
    const std::map<std::string, std::string>& query);

// The statements of those that start from one of `having`.
[[nodiscard]] codec::Json::Array offer(std::span<const release::ReleaseDelta> deltas,
                                       std::span<const crypto::Sha256Digest> having);

}  // namespace vedette::server
