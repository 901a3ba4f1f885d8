// A small PE image for tests.
#pragma once

#include "base/bytes.h"

namespace vedette::codec {

inline constexpr std::size_t kSmallPe = 0x40;
inline constexpr std::size_t kSmallOptional = kSmallPe + 24;
inline constexpr std::size_t kSmallHeaders = 0x200;
inline constexpr std::size_t kSmallChecksum = kSmallOptional + 64;

inline void put_le(Bytes& image, std::size_t at, std::uint64_t value, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i)
    image.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

// Two sections of 256 octets, 16 octets behind them, and as many of certificates as wanted.
struct SmallPe {
  bool plus = true;
  std::uint32_t directories = 16;
  std::size_t certificates = 24;
  std::uint8_t filling = 0x5A;

  [[nodiscard]] std::size_t directory() const { return kSmallOptional + (plus ? 112 : 96); }
  [[nodiscard]] std::size_t entry() const { return directory() + 32; }
  [[nodiscard]] std::size_t table() const { return directory() + 128; }
  [[nodiscard]] std::size_t end() const { return kSmallHeaders + 0x210; }

  [[nodiscard]] Bytes bytes() const {
    Bytes image(end() + certificates, filling);
    put_le(image, 0, 0x5A4D, 2);
    put_le(image, 0x3C, kSmallPe, 4);
    put_le(image, kSmallPe, 0x4550, 4);
    put_le(image, kSmallPe + 6, 2, 2);
    put_le(image, kSmallPe + 20, table() - kSmallOptional, 2);
    put_le(image, kSmallOptional, plus ? 0x20B : 0x10B, 2);
    put_le(image, kSmallOptional + 60, kSmallHeaders, 4);
    put_le(image, directory() - 4, directories, 4);
    put_le(image, entry(), certificates == 0 ? 0 : end(), 4);
    put_le(image, entry() + 4, certificates, 4);
    section(image, 0, kSmallHeaders + 0x100);  // the table need not be in the order of the file
    section(image, 1, kSmallHeaders);
    return image;
  }
  void section(Bytes& image, std::size_t number, std::size_t offset,
               std::size_t octets = 0x100) const {
    put_le(image, table() + number * 40 + 16, octets, 4);
    put_le(image, table() + number * 40 + 20, offset, 4);
  }
};

}  // namespace vedette::codec
