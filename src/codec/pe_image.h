// The parts of a PE image that its Authenticode digest is of: what firmware measures of the
// applications that it starts, and what their signatures sign.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::codec {

inline constexpr std::size_t kMaxPeOctets = std::size_t{512} << 20U;  // a unified kernel image
inline constexpr std::size_t kMaxPeSections = 96;  // what Windows' loader takes, too

struct PeRange {
  std::size_t offset = 0;
  std::size_t octets = 0;

  friend bool operator==(const PeRange&, const PeRange&) = default;
};

struct PeImage {
  // Ascending and apart: everything but the checksum, the certificate table's entry in the data
  // directory, and the certificate table (Windows Authenticode Portable Executable Signature
  // Format, "Calculating the PE Image Hash").
  std::vector<PeRange> hashed;
  PeRange certificates;  // at the end of the file; none: of no octets
};

// Refuses
//   PE-SIZE    more octets than kMaxPeOctets
//   PE-SYNTAX  no PE32 or PE32+ image: a header that is torn, a section or table beyond the end
//   PE-LAYOUT  sections that overlap or leave octets between them, or certificates that are not the
//              end of the file: of such an image every implementation has a digest of its own
[[nodiscard]] Result<PeImage> parse_pe_image(ByteView image);

// The octets of `hashed` one behind the other.
[[nodiscard]] Bytes authenticode_octets(ByteView image, const PeImage& layout);

}  // namespace vedette::codec
