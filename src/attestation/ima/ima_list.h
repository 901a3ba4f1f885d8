// The kernel's measurement list in its two forms.
//
// Binary (/sys/kernel/security/ima/binary_runtime_measurements), integers little-endian:
//   u32 PCR, 20 octets SHA-1 of the template data, u32 length and name of the template, u32 length
//   and the template data
// ASCII (.../ascii_runtime_measurements), for people and tests: fields between single spaces, each
// template field in its place even where it is empty; a newline after each entry, which the last
// may lack.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "attestation/ima/ima_entry.h"
#include "base/bytes.h"
#include "base/error.h"

namespace vedette::attestation {

inline constexpr std::size_t kMaxImaEntries = 65'536;      // per evidence
inline constexpr std::size_t kMaxImaListBytes = 32 << 20;  // per evidence

// Well-formed; whether the device's register says the same is for advance() to tell.
struct ImaList {
  std::uint64_t first_entry = 0;  // how many came before since boot
  std::vector<ImaEntry> entries;
};

// All entries are of register `pcr`; nothing is an empty list. Refuse ATT-IMA-SIZE (more entries or
// octets than allowed), ATT-IMA-PCR, ATT-IMA-SYNTAX, ATT-IMA-TEMPLATE and ATT-IMA-DIGEST.
[[nodiscard]] Result<ImaList> parse_ima_binary(ByteView bytes, std::uint64_t first_entry = 0,
                                               std::uint8_t pcr = kImaPcr);
[[nodiscard]] Result<ImaList> parse_ima_ascii(std::string_view text, std::uint64_t first_entry = 0,
                                              std::uint8_t pcr = kImaPcr);

// The binary form of an entry: what parse_ima_binary reads back.
[[nodiscard]] Bytes encode_ima_binary(const ImaEntry& entry, std::uint8_t pcr = kImaPcr);

}  // namespace vedette::attestation
