// OpenSSF Model Signing bundles in key mode: a manifest, its signature, and which key to look for.
//
// Understood by the `model_signing` tools and by Sigstore's bundle verifiers. A bundle says that a
// publisher signed these files; it says nothing about age: see release/release_statement.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/verified.h"
#include "crypto/key.h"
#include "release/oms_manifest.h"

namespace vedette::release {

inline constexpr std::size_t kMaxBundleBytes = 16 << 20;

// A manifest and the trusted publisher who signed it.
struct SignedManifest {
  Manifest manifest;
  crypto::PublicKey publisher;

  class VerificationKey {
    VerificationKey() = default;
    friend Result<Verified<SignedManifest>> verify_bundle(
        std::string_view bundle, std::span<const crypto::PublicKey> publishers);
  };
};

using VerifiedManifest = Verified<SignedManifest>;

// The bundle's JSON text. Refuses OMS-KEY unless `key` is on P-256, and what the key refuses.
[[nodiscard]] Result<std::string> sign_model(const Manifest& manifest,
                                             const crypto::PrivateKey& key);

// Checks the octets as received: at most 16 MiB, one signature by one of `publishers` (P-256, P-384
// or P-521 with its own hash), strict statement. Besides the codes of parse_statement and
// verify_dsse refuses OMS-BUNDLE (not such a bundle), OMS-MODE (signed by certificate or without a
// key of its own), OMS-UNTRUSTED (by a key that is not among `publishers`) and OMS-SIGNATURE
// (altered).
[[nodiscard]] Result<VerifiedManifest> verify_bundle(std::string_view bundle,
                                                     std::span<const crypto::PublicKey> publishers);

}  // namespace vedette::release
