// What both forms of the list share. For the sources of this folder only.
#pragma once

#include "attestation/ima/ima_list.h"

namespace vedette::attestation {

inline constexpr std::size_t kSha1Octets = 20;

// Little-endian, and the same with as many octets behind it.
void append_u32(Bytes& to, std::size_t value);
void append_field(Bytes& to, ByteView value);

[[nodiscard]] std::unexpected<Error> ima_too_large();
[[nodiscard]] std::unexpected<Error> ima_of_another_pcr(std::uint64_t number);

}  // namespace vedette::attestation
