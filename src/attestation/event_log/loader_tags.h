// The tags of the kernel's EFI stub (Linux, drivers/firmware/efi/libstub), in PCR 9.
#pragma once

#include <cstdint>

namespace vedette::attestation {

inline constexpr std::uint32_t kInitrdTag = 0x8F3B22EC;
inline constexpr std::uint32_t kLoadOptionsTag = 0x8F3B22ED;

}  // namespace vedette::attestation
