// Hints to the processor about memory that two cores take turns with. Each line that changes hands
// costs as much as a hundred instructions; asked for beforehand, many change hands at once, and
// while the core has nothing better to do. A hint changes no content and never faults.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace vedette::inference::channel {

inline constexpr std::size_t kCacheLine = 64;
// As many as are under way at once, and some: what lies beyond is left to the processor.
inline constexpr std::size_t kMostHinted = std::size_t{4096};

// The caller will write these bytes.
inline void expect_to_write(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at < std::min(bytes.size(), kMostHinted); at += kCacheLine) {
#if defined(__x86_64__)
    // The compiler's own hint asks for a shared line unless told of the instruction set.
    asm volatile("prefetchw %0" : : "m"(bytes[at]));
#else
    __builtin_prefetch(&bytes[at], 1);
#endif
  }
}

// The caller will read these bytes.
inline void expect_to_read(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at < std::min(bytes.size(), kMostHinted); at += kCacheLine)
    __builtin_prefetch(&bytes[at], 0);
}

}  // namespace vedette::inference::channel
