// Public and private keys as values. OpenSSL stays inside.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::crypto {

enum class KeyType { ec_p256, ec_p384, ec_p521, rsa, ed25519 };

// An immutable public key; copies share it. Made only from encodings that hold a valid point on an
// allowed curve, or an RSA modulus of 2048 to 8192 bits with an odd exponent of at least 65537 and
// at most 64 bits: all else refuses KEY-FORMAT or KEY-WEAK. A key has one encoding (DER, named
// curve, uncompressed point), so that its digest can identify it.
class PublicKey {
 public:
  struct Impl;

  [[nodiscard]] static Result<PublicKey> from_pem(std::string_view pem);
  [[nodiscard]] static Result<PublicKey> from_spki_der(ByteView der);  // trailing bytes refused
  [[nodiscard]] static Result<PublicKey> from_ec_point(KeyType type, ByteView x, ByteView y);
  [[nodiscard]] static Result<PublicKey> from_rsa(ByteView modulus, std::uint32_t exponent);

  [[nodiscard]] KeyType type() const;
  [[nodiscard]] Bytes spki_der() const;
  [[nodiscard]] std::string pem() const;  // "PUBLIC KEY", newline at the end
  [[nodiscard]] Sha256Digest spki_sha256() const;
  // The value of spki_der's BIT STRING, which key identifiers are computed over (RFC 5280,
  // 4.2.1.2): an EC point, an RSAPublicKey, or the 32 octets of Ed25519.
  [[nodiscard]] Bytes subject_public_key() const;

  // EC: DER Ecdsa-Sig-Value; RSA: PKCS #1 v1.5; Ed25519: 64 octets and `hash` is ignored.
  // Refuses SIG-INVALID for anything that does not verify, malformed or non-minimal DER included.
  [[nodiscard]] Result<void> verify(Hash hash, ByteView message, ByteView signature) const;
  // The same for a message of which only the digest under `hash` is known; Ed25519 has no such
  // form.
  [[nodiscard]] Result<void> verify_digest(Hash hash, ByteView digest, ByteView signature) const;
  // RSASSA-PSS with salt length equal to the hash; RSA keys only.
  [[nodiscard]] Result<void> verify_pss(Hash hash, ByteView message, ByteView signature) const;

  friend bool operator==(const PublicKey& left, const PublicKey& right);

  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

struct EcdsaSignature {
  Bytes r;  // unsigned, big-endian
  Bytes s;
};

// Signs P-256 digests with a key that never leaves its hardware. Implementations are thread-safe.
class DigestSigner {
 public:
  DigestSigner() = default;
  DigestSigner(const DigestSigner&) = delete;
  DigestSigner& operator=(const DigestSigner&) = delete;
  virtual ~DigestSigner() = default;

  [[nodiscard]] virtual Result<EcdsaSignature> sign_digest(const Sha256Digest& digest) = 0;
};

// A private key: in memory, or delegated to hardware. Copies share it.
class PrivateKey {
 public:
  struct Impl;

  [[nodiscard]] static PrivateKey generate_p256();
  [[nodiscard]] static PrivateKey generate_ed25519();
  // PKCS #8 PEM, encrypted if and only if `passphrase` is not empty. Refuses KEY-FORMAT (RSA
  // included: those only verify here) and KEY-PASSPHRASE.
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem, ByteView passphrase = {});
  // A P-256 key whose signatures are made by `signer`; it can serve TLS, CSRs and tokens like any
  // other.
  [[nodiscard]] static Result<PrivateKey> delegated(const PublicKey& public_key,
                                                    std::shared_ptr<DigestSigner> signer);

  [[nodiscard]] PublicKey public_key() const;
  // The named power to write an in-memory key out; a delegated key refuses KEY-NOT-EXPORTABLE.
  [[nodiscard]] Result<std::string> insecure_unencrypted_pem() const;
  // AES-256 under PBKDF2; an empty passphrase refuses KEY-PASSPHRASE. Takes some tenths of a
  // second.
  [[nodiscard]] Result<std::string> encrypted_pem(ByteView passphrase) const;

  // ECDSA (DER, low s) with the curve's own hash (P-256 SHA-256, P-384 SHA-384, P-521 SHA-512), or
  // Ed25519. Refuses KEY-SIGN when the hardware does.
  [[nodiscard]] Result<Bytes> sign(ByteView message) const;

  explicit PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

// ECDSA signatures between DER and the fixed-width r || s of JWS (RFC 7518, 3.4). Refuse
// SIG-INVALID: what is not minimal DER, a value of zero, or one wider than the field.
[[nodiscard]] Result<Bytes> ecdsa_der_to_raw(ByteView der, std::size_t field_bytes);
[[nodiscard]] Result<Bytes> ecdsa_raw_to_der(ByteView raw);

}  // namespace vedette::crypto
