// KeyStatement: what a TPM says for the key that its device authenticates with.
//
// Either the key lives in the TPM, which then says so itself, or it lives elsewhere. No TPM can see
// such a key; but a quote that carries it shows that whoever had the TPM sign, in that boot, meant
// this key. An attestation of the same boot then says what software that was: registers do not go
// back before the next boot, so what was running at the quote stands in what is judged later.
#pragma once

#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "identity/key_kind.h"

namespace vedette::identity {

// TPM2_Certify of the key by the attestation key.
struct CertifiedKey {
  codec::TpmPublic key;
  Bytes attest;     // TPMS_ATTEST
  Bytes signature;  // TPMT_SIGNATURE
};

// TPM2_Quote by the attestation key, over a key that is not the TPM's.
struct QuotedKey {
  KeyKind kind = KeyKind::memory;  // the device's own word
  Bytes public_key;                // SubjectPublicKeyInfo, DER
  Bytes attest;                    // TPMS_ATTEST
  Bytes signature;                 // TPMT_SIGNATURE
};

using KeyStatement = std::variant<CertifiedKey, QuotedKey>;

// Which kind it says that the key is of, believed or not.
[[nodiscard]] inline KeyKind claimed_kind(const KeyStatement& statement) {
  const auto* const quoted = std::get_if<QuotedKey>(&statement);
  return quoted == nullptr ? KeyKind::tpm : quoted->kind;
}

// One boot of a TPM, as its quotes count them for one and the same attestation key (TPM 2.0 Part 1,
// 36.7).
struct TpmBoot {
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;

  friend bool operator==(const TpmBoot&, const TpmBoot&) = default;
};

struct StatementExpectation {
  const codec::TpmPublic& attestation_key;  // checked already (tpm_key_profile.h)
  // What no other exchange has, of a fixed length: the channel's binding, or a nonce before it.
  ByteView freshness;
  KeyKinds allowed;
};

// A key that was stated soundly.
struct StatedKey {
  crypto::PublicKey key;          // P-256
  crypto::Sha256Digest sha256{};  // of its SubjectPublicKeyInfo
  KeyKind kind = KeyKind::tpm;
  std::optional<TpmBoot> boot;  // whose software vouches for it; none for `tpm`
};

// extraData of a certification:
// SHA-256("vedette enrollment v1" || 0x00 || freshness || key_sha256)
[[nodiscard]] crypto::Sha256Digest enrollment_binding(ByteView freshness,
                                                      const crypto::Sha256Digest& key_sha256);

// extraData of a quote over a key elsewhere, which is none of an attestation nor a certification:
// SHA-256("vedette outside key v1" || 0x00 || freshness || key_sha256)
[[nodiscard]] crypto::Sha256Digest outside_key_binding(ByteView freshness,
                                                       const crypto::Sha256Digest& key_sha256);

// Refuses, of a certification:
//   ENR-KEY-ATTRIBUTES, ENR-KEY-KIND   the key is no fixed, unrestricted P-256 signing key
//   ENR-CERTIFY-SIGNATURE, -MAGIC, -TYPE, -SYNTAX, -SIGNER, -NAME, -BINDING
// and of a quote:
//   ENR-QUOTE-KIND   it claims the TPM, which a quote cannot show
//   ENR-KEY-PLACE    nobody allowed a key of this kind
//   ENR-KEY-KIND     the key is not a P-256 key
//   ENR-QUOTE-SIGNATURE, -MAGIC, -TYPE, -SYNTAX, -SIGNER, -BINDING
[[nodiscard]] Result<StatedKey> verify_key_statement(const KeyStatement& statement,
                                                     const StatementExpectation& expected);

}  // namespace vedette::identity
