// Little-endian numbers as tensors have them. Internal to delta/.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace vedette::release {

static_assert(std::endian::native == std::endian::little,
              "a machine of the other order needs more");

// By one instruction: these are read for each width and each place at which a number could begin.
template <class Number>
[[nodiscard]] inline Number load_number(const std::uint8_t* from) {
  Number value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

[[nodiscard]] inline std::uint64_t load_number(const std::uint8_t* from, std::size_t width) {
  switch (width) {
    case 1:
      return *from;
    case 2:
      return load_number<std::uint16_t>(from);
    case 4:
      return load_number<std::uint32_t>(from);
    default:
      return load_number<std::uint64_t>(from);
  }
}

// The lower octets of `value`.
inline void store_number(std::uint8_t* to, std::uint64_t value, std::size_t width) {
  switch (width) {
    case 1:
      std::memcpy(to, &value, 1);
      return;
    case 2:
      std::memcpy(to, &value, 2);
      return;
    case 4:
      std::memcpy(to, &value, 4);
      return;
    default:
      std::memcpy(to, &value, 8);
  }
}

}  // namespace vedette::release
