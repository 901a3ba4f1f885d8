// The release approval: a second publisher stands by a release that another one signed.
//
// A DSSE envelope around an in-toto Statement v1 about the model's root digest, which names the
// release statement by the SHA-256 of the octets that were signed: it means this release, with this
// contract and this tier, and no other.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "release/release_statement.h"

namespace vedette::release {

inline constexpr std::string_view kApprovalPredicateType =
    "https://vedette.dev/release-approval/v1";
inline constexpr std::size_t kMaxApprovalBytes = 16 << 10;

// The envelope's JSON text. Refuses REL-APPROVAL for the key that signed the release, and what the
// key refuses.
[[nodiscard]] Result<std::string> sign_release_approval(const VerifiedRelease& release,
                                                        const crypto::PrivateKey& key);

// Octets as received: another of `publishers` than the release's own stands by this very release.
// Keys are told apart, not people. Returns the SHA-256 of the SubjectPublicKeyInfo that approved.
// Besides the codes of verify_dsse and JSON refuses REL-APPROVAL.
[[nodiscard]] Result<crypto::Sha256Digest> verify_release_approval(
    std::string_view envelope, const VerifiedRelease& release,
    std::span<const crypto::PublicKey> publishers);

}  // namespace vedette::release
