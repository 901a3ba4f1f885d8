// Little-endian integers out of a ByteReader: the order of firmware's and the kernel's logs.
#pragma once

#include "codec/reader.h"

namespace vedette::attestation {

[[nodiscard]] Result<std::uint16_t> read_u16_le(codec::ByteReader& reader, std::string_view field);
[[nodiscard]] Result<std::uint32_t> read_u32_le(codec::ByteReader& reader, std::string_view field);
[[nodiscard]] Result<std::uint64_t> read_u64_le(codec::ByteReader& reader, std::string_view field);

}  // namespace vedette::attestation
