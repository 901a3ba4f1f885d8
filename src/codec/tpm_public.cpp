#include <algorithm>

#include "codec/tpm_algorithm.h"

namespace vedette::codec {
namespace {

// TPMA_OBJECT (Part 2, 8.3). Bits 8 and 9, reserved in 1.59, have a meaning from 1.83 on.
constexpr std::uint32_t kReservedAttributes = 0xFFF0F009;
constexpr std::uint32_t kDefaultExponent = 65537;

std::size_t field_octets(TpmCurve curve) {
  if (curve == TpmCurve::p256) return 32;
  if (curve == TpmCurve::p384) return 48;
  if (curve == TpmCurve::p521) return 66;
  return 0;
}

// TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7). Part 2, 12.2.3.5 and 12.2.3.6: a restricted decryption key
// has one, no other key has.
Result<void> read_symmetric(ByteReader& reader, TpmPublic& key) {
  VEDETTE_TRY(key.symmetric, read_algorithm(reader, "symmetric"));
  const bool is_storage_key = key.attributes.restricted() && key.attributes.decrypt();
  if (key.symmetric == TpmAlgorithm::null && !is_storage_key) return {};
  if (key.symmetric != TpmAlgorithm::aes || !is_storage_key)
    return reader.refuse_field("symmetric", "must be AES on a storage key, and null on others");
  VEDETTE_TRY(key.symmetric_bits, reader.u16("symmetric keyBits"));
  if (key.symmetric_bits != 128 && key.symmetric_bits != 192 && key.symmetric_bits != 256)
    return reader.refuse_field("symmetric keyBits", "must be 128, 192 or 256");
  VEDETTE_TRY(const TpmAlgorithm mode, read_algorithm(reader, "symmetric mode"));
  if (mode != TpmAlgorithm::cfb) return reader.refuse_field("symmetric mode", "must be CFB");
  return {};
}

// TPMT_RSA_SCHEME or TPMT_ECC_SCHEME (Part 2, 11.2.4.2 and 11.2.5.6), one of `allowed` or null.
Result<void> read_scheme(ByteReader& reader, TpmPublic& key,
                         std::initializer_list<TpmAlgorithm> allowed) {
  VEDETTE_TRY(key.scheme, read_algorithm(reader, "scheme"));
  if (key.scheme == TpmAlgorithm::null) return {};
  if (std::ranges::find(allowed, key.scheme) == allowed.end())
    return reader.refuse_field("scheme", "not one that we know for this kind of key");
  if (key.scheme == TpmAlgorithm::rsaes) return {};  // TPMS_ENC_SCHEME_RSAES is empty
  VEDETTE_TRY(key.scheme_hash, read_hash(reader, "scheme hash"));
  return {};
}

// TPMS_RSA_PARMS (Part 2, 12.2.3.5) and TPM2B_PUBLIC_KEY_RSA.
Result<TpmRsaModulus> read_rsa(ByteReader& reader, TpmPublic& key) {
  VEDETTE_CHECK(read_scheme(
      reader, key,
      {TpmAlgorithm::rsassa, TpmAlgorithm::rsapss, TpmAlgorithm::rsaes, TpmAlgorithm::oaep}));
  VEDETTE_TRY(const std::uint16_t key_bits, reader.u16("keyBits"));
  if (key_bits != 1024 && key_bits != 2048 && key_bits != 3072 && key_bits != 4096)
    return reader.refuse_field("keyBits", "must be 1024, 2048, 3072 or 4096");
  TpmRsaModulus rsa;
  VEDETTE_TRY(rsa.exponent, reader.u32("exponent"));
  if (rsa.exponent == 0) rsa.exponent = kDefaultExponent;
  if (rsa.exponent < 3 || rsa.exponent % 2 == 0)
    return reader.refuse_field("exponent", "must be 0 or odd and at least 3");
  VEDETTE_TRY(const ByteView modulus, reader.sized16("modulus", kMaxRsaOctets));
  if (modulus.size() * 8 != key_bits || (modulus.front() & 0x80U) == 0)
    return reader.refuse_field("modulus", "has another length than keyBits says");
  rsa.modulus = to_bytes(modulus);
  return rsa;
}

// TPM2B_ECC_PARAMETER: a TPM may leave out leading zeros, and must not send more than the field.
Result<Bytes> read_coordinate(ByteReader& reader, std::string_view field, std::size_t octets) {
  VEDETTE_TRY(const ByteView sent, reader.sized16(field, octets));
  if (sent.empty()) return reader.refuse_field(field, "empty: a template, not a key");
  Bytes padded(octets - sent.size(), 0);
  append(padded, sent);
  return padded;
}

// TPMS_ECC_PARMS (Part 2, 12.2.3.6) and TPMS_ECC_POINT.
Result<TpmEccPoint> read_ecc(ByteReader& reader, TpmPublic& key) {
  VEDETTE_CHECK(read_scheme(reader, key, {TpmAlgorithm::ecdsa}));
  TpmEccPoint point;
  VEDETTE_TRY(const std::uint16_t curve, reader.u16("curveID"));
  point.curve = static_cast<TpmCurve>(curve);
  const std::size_t octets = field_octets(point.curve);
  if (octets == 0) return reader.refuse_field("curveID", "not P-256, P-384 or P-521");
  VEDETTE_TRY(const TpmAlgorithm kdf, read_algorithm(reader, "kdf"));
  // No command makes use of it (Part 2, 12.2.3.6), and TPMs write null.
  if (kdf != TpmAlgorithm::null) return reader.refuse_field("kdf", "must be null");
  VEDETTE_TRY(point.x, read_coordinate(reader, "x", octets));
  VEDETTE_TRY(point.y, read_coordinate(reader, "y", octets));
  return point;
}

// What precedes the parameters (Part 2, 12.2.4).
Result<void> read_common(ByteReader& reader, TpmPublic& key) {
  VEDETTE_TRY(key.name_algorithm, read_hash(reader, "nameAlg"));
  VEDETTE_TRY(key.attributes.bits, reader.u32("objectAttributes"));
  if ((key.attributes.bits & kReservedAttributes) != 0)
    return reader.refuse_field("objectAttributes", "reserved bits are set");
  VEDETTE_TRY(const ByteView policy, reader.sized16("authPolicy", kMaxDigestOctets));
  if (!policy.empty() && policy.size() != digest_size(key.name_algorithm))
    return reader.refuse_field("authPolicy", "is no digest of nameAlg");
  key.auth_policy = to_bytes(policy);
  return {};
}

}  // namespace

Result<TpmPublic> parse_tpmt_public(ByteView bytes) {
  ByteReader reader = tpm_reader(bytes);
  TpmPublic key;
  VEDETTE_TRY(const TpmAlgorithm type, read_algorithm(reader, "type"));
  if (type != TpmAlgorithm::rsa && type != TpmAlgorithm::ecc)
    return reader.refuse_field("type", "neither an RSA nor an ECC key");
  VEDETTE_CHECK(read_common(reader, key));
  VEDETTE_CHECK(read_symmetric(reader, key));
  if (type == TpmAlgorithm::rsa) {
    VEDETTE_TRY(key.unique, read_rsa(reader, key));
  } else {
    VEDETTE_TRY(key.unique, read_ecc(reader, key));
  }
  VEDETTE_CHECK(reader.finish());
  key.encoded = to_bytes(bytes);
  return key;
}

Result<TpmPublic> parse_tpm2b_public(ByteView bytes) {
  constexpr std::size_t kMaxOctets = 2048;  // well above the largest TPMT_PUBLIC of a key
  ByteReader reader = tpm_reader(bytes);
  VEDETTE_TRY(const ByteView structure, reader.sized16("TPM2B_PUBLIC", kMaxOctets));
  VEDETTE_CHECK(reader.finish());
  return parse_tpmt_public(structure);
}

}  // namespace vedette::codec
