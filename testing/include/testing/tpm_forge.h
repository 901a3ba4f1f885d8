// TpmForge: TPM structures written in software, well-formed or wrong in one chosen way.
//
// A forger with a software key can write anything that a TPM can, which is why the verifier must
// know the key. Tests use it the other way round: they enrol the forged key, then tell lies.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/tpm.h"
#include "crypto/key.h"

namespace vedette::testing {

// TPMA_OBJECT (TPM 2.0 Part 2, 8.3).
inline constexpr std::uint32_t kFixedTpm = 1U << 1U;
inline constexpr std::uint32_t kFixedParent = 1U << 4U;
inline constexpr std::uint32_t kSensitiveDataOrigin = 1U << 5U;
inline constexpr std::uint32_t kUserWithAuth = 1U << 6U;
inline constexpr std::uint32_t kRestricted = 1U << 16U;
inline constexpr std::uint32_t kDecrypt = 1U << 17U;
inline constexpr std::uint32_t kSign = 1U << 18U;

inline constexpr std::uint32_t kEndorsementAttributes =
    kFixedTpm | kFixedParent | kSensitiveDataOrigin | kRestricted | kDecrypt;
inline constexpr std::uint32_t kAttestationAttributes =
    kFixedTpm | kFixedParent | kSensitiveDataOrigin | kUserWithAuth | kRestricted | kSign;
inline constexpr std::uint32_t kDeviceAttributes =
    kFixedTpm | kFixedParent | kSensitiveDataOrigin | kUserWithAuth | kSign;

// What a TPMT_PUBLIC says beside the key itself.
struct KeyShape {
  std::uint32_t attributes = kAttestationAttributes;
  codec::TpmAlgorithm scheme = codec::TpmAlgorithm::ecdsa;  // null: none
  codec::TpmAlgorithm scheme_hash = codec::TpmAlgorithm::sha256;
  codec::TpmAlgorithm name_algorithm = codec::TpmAlgorithm::sha256;
};

[[nodiscard]] KeyShape endorsement_shape();
[[nodiscard]] KeyShape attestation_shape();
[[nodiscard]] KeyShape device_shape();

// TPMT_PUBLIC of a P-256 or P-384 key; a storage key (AES-128-CFB) if `shape` is restricted and
// decrypts.
[[nodiscard]] Bytes forge_public(const crypto::PublicKey& key, const KeyShape& shape);
// The same of an RSA key. An ECDSA scheme becomes RSASSA.
[[nodiscard]] Bytes forge_rsa_public(ByteView modulus, const KeyShape& shape);
// A UINT16 size in front: TPM2B_PUBLIC.
[[nodiscard]] Bytes sized(ByteView structure);

// TPMS_ATTEST. The defaults make a sound quote of nothing.
struct AttestShape {
  std::uint32_t magic = 0xFF544347;
  std::uint16_t type = 0x8018;  // 0x8018 quote, 0x8017 certify, 0x801A creation
  Bytes qualified_signer;
  Bytes extra_data;
  std::uint64_t clock = 1000;
  std::uint32_t reset_count = 5;
  std::uint32_t restart_count = 0;
  std::uint8_t safe = 1;
  std::uint64_t firmware_version = 0x20240101;
  std::vector<codec::TpmPcrSelection> selections;  // of a quote
  Bytes pcr_digest;
  Bytes name;  // of what is certified
  Bytes qualified_name;
  Bytes trailing;  // octets behind the structure
};

[[nodiscard]] Bytes forge_attest(const AttestShape& shape);
// TPMT_SIGNATURE: ECDSA P-256 SHA-256, `hash` being what it claims.
[[nodiscard]] Bytes forge_signature(const crypto::PrivateKey& key, ByteView message,
                                    codec::TpmAlgorithm hash = codec::TpmAlgorithm::sha256);
// The Name of some parent's child: well-formed for SHA-256, and nobody's in particular.
[[nodiscard]] Bytes forge_qualified_name(std::uint8_t fill = 0x51);

}  // namespace vedette::testing
