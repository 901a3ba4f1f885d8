// What parse_tpmt_public accepts, it has read to the last octet: one more is refused.
#include <cstdlib>

#include "codec/tpm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  (void)codec::parse_tpm2b_public(ByteView(data, size));
  const auto key = codec::parse_tpmt_public(ByteView(data, size));
  if (!key.has_value()) return 0;
  Bytes longer = key->encoded;
  if (!equal(longer, ByteView(data, size))) std::abort();
  longer.push_back(0);
  if (codec::parse_tpmt_public(longer).has_value()) std::abort();
  return 0;
}
