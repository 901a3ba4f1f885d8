// What PublicKey, PrivateKey and Certificate hold. For the sources of src/crypto only.
#pragma once

#include "crypto/openssl_handles.h"

namespace vedette::crypto {

struct PublicKey::Impl {
  KeyHandle key;
  KeyType type;
  Bytes spki;  // the one DER encoding of this key: comparing keys is comparing these
};

struct PrivateKey::Impl {
  KeyHandle key;
  PublicKey public_key;
  bool exportable;
};

struct Certificate::Impl {
  CertificateHandle handle;
  Bytes der;
  Sha256Digest fingerprint;
  TimePoint not_before;
  TimePoint not_after;
  std::vector<std::string> uri_names;
  std::vector<std::string> email_names;
  std::size_t alternative_name_count = 0;
};

[[nodiscard]] std::string serial_hex(const X509* certificate);

// The digest, fetched once per process.
[[nodiscard]] const EVP_MD* message_digest(Hash hash);
[[nodiscard]] std::size_t digest_size(Hash hash);

// The hash that a signature by a key of this type uses; Ed25519 ignores it.
[[nodiscard]] Hash own_hash(KeyType type);
[[nodiscard]] std::size_t field_bytes(KeyType type);  // 0 for keys that are not on a NIST curve

// Takes a key that OpenSSL loaded if it is one that PublicKey promises: KEY-FORMAT, KEY-WEAK.
[[nodiscard]] Result<PublicKey> adopt_public_key(KeyHandle key);
// The public part of a key pair.
[[nodiscard]] Result<PublicKey> public_part(EVP_PKEY* key);

// In a certificate or request that is being made. Read it again before asking OpenSSL for its key.
void set_public_key(X509* certificate, const PublicKey& key);
void set_public_key(X509_REQ* request, const PublicKey& key);

// RSASSA-PSS where the salt may have any length that fits, as the TPM chooses it (Part 1, B.7).
[[nodiscard]] Result<void> verify_pss_any_salt(const PublicKey& key, Hash hash, ByteView message,
                                               ByteView signature);

// The same signature with s in the lower half of the group's order.
[[nodiscard]] Result<Bytes> with_low_s(KeyType type, ByteView der);
[[nodiscard]] bool has_low_s(KeyType type, ByteView der);

// The DER encoding of `object` by the i2d function that fits it.
template <auto ToDer, class T>
[[nodiscard]] Bytes der_of(T* object) {
  const int size = ToDer(object, nullptr);
  require(size > 0, "encode DER");
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* out = der.data();
  require(ToDer(object, &out) == size, "encode DER");
  return der;
}

}  // namespace vedette::crypto
