// TPM 2.0 structures as the verifier reads them (TPM 2.0 Library, Part 2: Structures, rev. 1.59).
//
// These parsers see hostile bytes. Every reader consumes its input exactly: a byte too few or too
// many refuses TPM-SYNTAX. No TPM library is involved, so that the server needs none.
#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::codec {

// TPM_ALG_ID (Part 2, 6.3), those we know.
enum class TpmAlgorithm : std::uint16_t {
  rsa = 0x0001,
  sha1 = 0x0004,
  aes = 0x0006,
  keyed_hash = 0x0008,
  sha256 = 0x000B,
  sha384 = 0x000C,
  sha512 = 0x000D,
  null = 0x0010,
  rsassa = 0x0014,
  rsaes = 0x0015,
  rsapss = 0x0016,
  oaep = 0x0017,
  ecdsa = 0x0018,
  ecc = 0x0023,
  cfb = 0x0043,
};

// TPM_ECC_CURVE (Part 2, 6.4).
enum class TpmCurve : std::uint16_t { p256 = 0x0003, p384 = 0x0004, p521 = 0x0005 };

// TPMA_OBJECT (Part 2, 8.3).
struct TpmObjectAttributes {
  std::uint32_t bits = 0;

  [[nodiscard]] bool fixed_tpm() const { return (bits & (1U << 1U)) != 0; }
  [[nodiscard]] bool fixed_parent() const { return (bits & (1U << 4U)) != 0; }
  [[nodiscard]] bool sensitive_data_origin() const { return (bits & (1U << 5U)) != 0; }
  [[nodiscard]] bool user_with_auth() const { return (bits & (1U << 6U)) != 0; }
  [[nodiscard]] bool admin_with_policy() const { return (bits & (1U << 7U)) != 0; }
  [[nodiscard]] bool restricted() const { return (bits & (1U << 16U)) != 0; }
  [[nodiscard]] bool decrypt() const { return (bits & (1U << 17U)) != 0; }
  [[nodiscard]] bool sign() const { return (bits & (1U << 18U)) != 0; }
};

struct TpmEccPoint {
  TpmCurve curve = TpmCurve::p256;
  Bytes x;  // big-endian, left-padded to the field size by the reader
  Bytes y;
};

struct TpmRsaModulus {
  std::uint32_t exponent = 65537;
  Bytes modulus;  // big-endian
};

// TPMT_PUBLIC (Part 2, 12.2.4) of a key. Refused beyond malformed octets: keyed hashes and
// symmetric objects; reserved attributes; a symmetric algorithm on anything but a restricted
// decryption key, or none on one; a modulus whose length differs from keyBits; a coordinate longer
// than the field or empty (a template). Whether the point lies on the curve is for the crypto
// module to say.
struct TpmPublic {
  TpmAlgorithm name_algorithm = TpmAlgorithm::sha256;
  TpmObjectAttributes attributes;
  Bytes auth_policy;
  // The asymmetric scheme that the key is fixed to; null when it is not.
  TpmAlgorithm scheme = TpmAlgorithm::null;
  TpmAlgorithm scheme_hash = TpmAlgorithm::null;
  // The symmetric algorithm of a storage key (restricted decryption key); null otherwise.
  TpmAlgorithm symmetric = TpmAlgorithm::null;
  std::uint16_t symmetric_bits = 0;
  std::variant<TpmEccPoint, TpmRsaModulus> unique;
  Bytes encoded;  // the TPMT_PUBLIC exactly as it was read: what the Name is computed over
};

// Octets of a digest of that algorithm; 0 if it is no hash that we know.
[[nodiscard]] std::size_t digest_size(TpmAlgorithm hash);

[[nodiscard]] Result<TpmPublic> parse_tpmt_public(ByteView bytes);
// The same behind a UINT16 size (TPM2B_PUBLIC).
[[nodiscard]] Result<TpmPublic> parse_tpm2b_public(ByteView bytes);

// One TPMS_PCR_SELECTION: a bank and the registers chosen in it, ascending.
struct TpmPcrSelection {
  TpmAlgorithm bank = TpmAlgorithm::sha256;
  std::vector<std::uint8_t> registers;  // 0 to 23; may be empty

  friend bool operator==(const TpmPcrSelection&, const TpmPcrSelection&) = default;
};

// TPML_PCR_SELECTION with at most 16 entries and sizeofSelect of 1 to 4; more refuses TPM-SYNTAX,
// as do a register above 23 and a bank that we do not know. Entries come in the order of the wire,
// and one bank may occur twice or select nothing: comparing with what was asked for is the
// caller's.
[[nodiscard]] Result<std::vector<TpmPcrSelection>> parse_pcr_selections(ByteView bytes);

struct TpmClockInfo {
  std::uint64_t clock = 0;  // milliseconds that the TPM has been powered
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;
  bool safe = false;
};

struct TpmQuoteInfo {
  std::vector<TpmPcrSelection> selections;
  Bytes pcr_digest;
};

struct TpmCertifyInfo {
  Bytes name;  // of the certified object
  Bytes qualified_name;
};

// TPMS_ATTEST (Part 2, 10.12.12). The magic is checked before anything else is read: TPM-MAGIC.
// Types other than quote (0x8018) and certify (0x8017) refuse TPM-ATTEST-TYPE.
struct TpmAttest {
  Bytes qualified_signer;
  Bytes extra_data;
  TpmClockInfo clock;
  std::uint64_t firmware_version = 0;
  std::variant<TpmQuoteInfo, TpmCertifyInfo> info;
};

[[nodiscard]] Result<TpmAttest> parse_tpms_attest(ByteView bytes);

// TPMT_SIGNATURE (Part 2, 11.3.4). ECDSA: r and s as unsigned big-endian integers of 1 to 66
// octets, as sent. RSA: the block.
struct TpmEcdsaSignature {
  Bytes r;
  Bytes s;
};
struct TpmRsaSignature {
  Bytes signature;
};
struct TpmSignature {
  TpmAlgorithm algorithm = TpmAlgorithm::null;  // ecdsa, rsassa or rsapss; others are refused
  TpmAlgorithm hash = TpmAlgorithm::null;
  std::variant<TpmEcdsaSignature, TpmRsaSignature> value;
};

[[nodiscard]] Result<TpmSignature> parse_tpmt_signature(ByteView bytes);

}  // namespace vedette::codec
