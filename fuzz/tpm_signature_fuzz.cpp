// What parse_tpmt_signature accepts, it has read to the last octet: one more or less is refused.
#include <cstdlib>

#include "codec/tpm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const ByteView bytes(data, size);
  if (!codec::parse_tpmt_signature(bytes).has_value()) return 0;
  Bytes longer = to_bytes(bytes);
  longer.push_back(0);
  if (codec::parse_tpmt_signature(longer).has_value()) std::abort();
  if (codec::parse_tpmt_signature(bytes.first(size - 1)).has_value()) std::abort();
  return 0;
}
