// Signatures of files in the security.ima attribute, as ima-sig lists them.
#pragma once

#include <cstdint>

#include "attestation/ima/measured_hash.h"
#include "base/bytes.h"
#include "base/error.h"
#include "crypto/key.h"

namespace vedette::attestation {

// Type 0x03 (EVM_IMA_XATTR_DIGSIG), version 2 of the kernel's signature_v2_hdr: hash algorithm of 1
// octet, key identifier of 4 and length of 2, both big-endian, and the signature.
struct ImaSignature {
  codec::TpmAlgorithm hash = codec::TpmAlgorithm::sha256;
  std::uint32_t key_id = 0;
  Bytes signature;
};

// Refuses ATT-IMA-SIGNATURE: another type or version, a hash other than SHA-256, SHA-384 and
// SHA-512, a length that is not exactly what follows, no signature.
[[nodiscard]] Result<ImaSignature> parse_ima_signature(ByteView bytes);

// A key that may vouch for files. Its identifier is the last four octets of its subject key
// identifier; `ima_key` takes the SHA-1 of the key for that (RFC 5280, 4.2.1.2), as the kernel does
// for a certificate without one. Identifiers find keys and prove nothing.
struct ImaKey {
  crypto::PublicKey key;
  std::uint32_t id = 0;
};
[[nodiscard]] ImaKey ima_key(crypto::PublicKey key);

// The digest of the file is what is signed: RSASSA-PKCS1-v1_5 or ECDSA. Refuses SIG-INVALID.
[[nodiscard]] Result<void> verify_ima_signature(const ImaSignature& signature,
                                                const FileDigest& file, const ImaKey& key);

}  // namespace vedette::attestation
