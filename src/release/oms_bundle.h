// OpenSSF Model Signing bundles: a manifest, its signature, and which key to look for; or the
// certificates of the key.
//
// Understood by the `model_signing` tools and by Sigstore's bundle verifiers. A bundle says that a
// publisher signed these files; it says nothing about age: see release/release_statement.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/verified.h"
#include "crypto/certificate.h"
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
    friend Result<Verified<SignedManifest>> verify_certified_bundle(
        std::string_view bundle, const struct CertifiedSigners& signers);
  };
};

using VerifiedManifest = Verified<SignedManifest>;

// Who may sign by a certificate: whom one of `roots` certifies, and who is named here. The names
// are URIs and e-mail addresses, as subjectAltName has them; a subject's text is no name, for an
// authority may certify the same one to several. Whether a certificate was revoked is not asked:
// keep its life short, or take its authority out.
struct CertifiedSigners {
  std::vector<crypto::Certificate> roots;  // never the system's
  std::vector<std::string> identities;
  TimePoint now;  // a bundle carries no time that could be believed: the certificate must hold yet
};

// The bundle's JSON text. `chain`, leaf first, is the key's, and certificate mode; empty: key mode.
// Refuses OMS-KEY unless `key` is on P-256, P-384 or P-521 (with its own hash) and the leaf's,
// OMS-SIZE when nobody would verify so large a bundle, and what the key refuses.
[[nodiscard]] Result<std::string> sign_model(const Manifest& manifest,
                                             const crypto::PrivateKey& key,
                                             std::span<const crypto::Certificate> chain = {});

// Checks the octets as received: at most 16 MiB, one signature by one of `publishers` (P-256, P-384
// or P-521 with its own hash), strict statement. Besides the codes of parse_statement and
// verify_dsse refuses OMS-BUNDLE (not such a bundle), OMS-MODE (signed by certificate or without a
// key of its own), OMS-UNTRUSTED (by a key that is not among `publishers`) and OMS-SIGNATURE
// (altered).
[[nodiscard]] Result<VerifiedManifest> verify_bundle(std::string_view bundle,
                                                     std::span<const crypto::PublicKey> publishers);

// The same in certificate mode, with at most 8 certificates. Refuses OMS-MODE for any other,
// OMS-BUNDLE, what Certificate::from_der and verify_chain refuse of a leaf for code signing, and
// OMS-IDENTITY when the leaf names none of `identities`. `publisher` is the leaf's key.
[[nodiscard]] Result<VerifiedManifest> verify_certified_bundle(std::string_view bundle,
                                                               const CertifiedSigners& signers);

}  // namespace vedette::release
