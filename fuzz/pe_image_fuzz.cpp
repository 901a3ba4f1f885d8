// The ranges of what parse_pe_image accepts lie in the image, ascending, apart, and leave out no
// more than the checksum, one entry of the directory, and the certificates.
#include <cstdlib>

#include "codec/pe_image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const ByteView bytes(data, size);
  const auto layout = codec::parse_pe_image(bytes);
  if (!layout.has_value()) return 0;
  std::size_t end = 0;
  for (const codec::PeRange& range : layout->hashed) {
    if (range.offset < end || range.offset > size || range.octets > size - range.offset)
      std::abort();
    end = range.offset + range.octets;
  }
  const std::size_t hashed = codec::authenticode_octets(bytes, *layout).size();
  if (hashed + layout->certificates.octets + 12 < size) std::abort();
  return 0;
}
