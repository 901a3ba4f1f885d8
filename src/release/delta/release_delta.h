// Which deltas lead to a release's file, and which of them serves whoever has certain files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "release/delta/delta_statement.h"

namespace vedette::release {

inline constexpr std::size_t kMostDeltas = 16;  // of one release

// A publisher says that this delta makes `file`. Refuses what verify_delta_statement refuses, and
// DELTA-OTHER when it makes another file, or is not smaller than that one.
[[nodiscard]] Result<VerifiedDelta> verify_release_delta(
    std::string_view envelope, std::span<const crypto::PublicKey> publishers,
    const FileIdentity& file);

// The smallest of those whose base is among `having`; null: there is none. Borrows.
[[nodiscard]] const VerifiedDelta* smallest_from(std::span<const VerifiedDelta> deltas,
                                                 std::span<const crypto::Sha256Digest> having);

}  // namespace vedette::release
