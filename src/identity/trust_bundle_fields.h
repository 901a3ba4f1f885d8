// The payload of a trust bundle: its members, read and written.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "identity/trust_bundle.h"

namespace vedette::identity {

// Compact JSON.
[[nodiscard]] std::string write_trust_bundle(const TrustBundle& bundle);

// Form alone: 1 to 4 roots, 1 to 8 issuing CAs, at most 3 cross-certificates of either kind.
// Refuses JSON-*, CERT-SYNTAX, SPIFFE-TRUST-DOMAIN and BUNDLE-SYNTAX.
[[nodiscard]] Result<TrustBundle> read_trust_bundle(std::string_view payload);

inline constexpr std::size_t kMostRoots = 4;
inline constexpr std::size_t kMostIssuing = 8;
inline constexpr std::size_t kMostCrosses = 3;  // TLS takes them and an issuing CA's certificate

}  // namespace vedette::identity
