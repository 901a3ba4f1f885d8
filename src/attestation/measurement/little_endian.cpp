#include "attestation/measurement/little_endian.h"

#include <ranges>

namespace vedette::attestation {
namespace {

template <class Integer>
Result<Integer> read(codec::ByteReader& reader, std::string_view field) {
  VEDETTE_TRY(const ByteView octets, reader.take(field, sizeof(Integer)));
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets | std::views::reverse)
    value = (value << 8U) | octet;
  return static_cast<Integer>(value);
}

}  // namespace

Result<std::uint16_t> read_u16_le(codec::ByteReader& reader, std::string_view field) {
  return read<std::uint16_t>(reader, field);
}

Result<std::uint32_t> read_u32_le(codec::ByteReader& reader, std::string_view field) {
  return read<std::uint32_t>(reader, field);
}

Result<std::uint64_t> read_u64_le(codec::ByteReader& reader, std::string_view field) {
  return read<std::uint64_t>(reader, field);
}

}  // namespace vedette::attestation
