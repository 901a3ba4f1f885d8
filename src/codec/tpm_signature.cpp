#include "codec/tpm_algorithm.h"

namespace vedette::codec {
namespace {

Result<Bytes> read_number(ByteReader& reader, std::string_view field, std::size_t max_octets) {
  VEDETTE_TRY(const ByteView number, reader.sized16(field, max_octets));
  if (number.empty()) return reader.refuse_field(field, "empty");
  return to_bytes(number);
}

// TPMS_SIGNATURE_ECC (Part 2, 11.3.2).
Result<TpmEcdsaSignature> read_ecdsa(ByteReader& reader) {
  TpmEcdsaSignature value;
  VEDETTE_TRY(value.r, read_number(reader, "signature r", kMaxEccOctets));
  VEDETTE_TRY(value.s, read_number(reader, "signature s", kMaxEccOctets));
  return value;
}

// TPMS_SIGNATURE_RSA (Part 2, 11.3.1).
Result<TpmRsaSignature> read_rsa(ByteReader& reader) {
  TpmRsaSignature value;
  VEDETTE_TRY(value.signature, read_number(reader, "signature", kMaxRsaOctets));
  return value;
}

}  // namespace

Result<TpmSignature> parse_tpmt_signature(ByteView bytes) {
  ByteReader reader = tpm_reader(bytes);
  TpmSignature signature;
  VEDETTE_TRY(signature.algorithm, read_algorithm(reader, "sigAlg"));
  const bool is_rsa =
      signature.algorithm == TpmAlgorithm::rsassa || signature.algorithm == TpmAlgorithm::rsapss;
  if (!is_rsa && signature.algorithm != TpmAlgorithm::ecdsa)
    return reader.refuse_field("sigAlg", "neither ECDSA nor RSASSA nor RSAPSS");
  VEDETTE_TRY(signature.hash, read_hash(reader, "signature hash"));
  if (is_rsa) {
    VEDETTE_TRY(signature.value, read_rsa(reader));
  } else {
    VEDETTE_TRY(signature.value, read_ecdsa(reader));
  }
  VEDETTE_CHECK(reader.finish());
  return signature;
}

}  // namespace vedette::codec
