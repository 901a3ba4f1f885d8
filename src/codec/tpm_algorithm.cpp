#include "codec/tpm_algorithm.h"

namespace vedette::codec {

std::size_t digest_size(TpmAlgorithm hash) {
  if (hash == TpmAlgorithm::sha1) return 20;
  if (hash == TpmAlgorithm::sha256) return 32;
  if (hash == TpmAlgorithm::sha384) return 48;
  if (hash == TpmAlgorithm::sha512) return 64;
  return 0;
}

ByteReader tpm_reader(ByteView bytes) {
  return {bytes, "TPM-SYNTAX", "not a well-formed TPM structure"};
}

Result<TpmAlgorithm> read_algorithm(ByteReader& reader, std::string_view field) {
  VEDETTE_TRY(const std::uint16_t value, reader.u16(field));
  return static_cast<TpmAlgorithm>(value);
}

Result<TpmAlgorithm> read_hash(ByteReader& reader, std::string_view field) {
  VEDETTE_TRY(const TpmAlgorithm hash, read_algorithm(reader, field));
  if (digest_size(hash) == 0) return reader.refuse_field(field, "not a hash that we know");
  return hash;
}

}  // namespace vedette::codec
