// What parse_tpms_attest accepts, it has read to the last octet: one more or less is refused.
#include <cstdlib>

#include "codec/tpm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const ByteView bytes(data, size);
  (void)codec::parse_pcr_selections(bytes);
  if (!codec::parse_tpms_attest(bytes).has_value()) return 0;
  Bytes longer = to_bytes(bytes);
  longer.push_back(0);
  if (codec::parse_tpms_attest(longer).has_value()) std::abort();
  if (codec::parse_tpms_attest(bytes.first(size - 1)).has_value()) std::abort();
  return 0;
}
