// Sets of keys: what is read is written and read again alike.
#include <cstdlib>

#include "crypto/jwk_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto keys = crypto::parse_jwk_set(as_text(ByteView(data, size)));
  if (!keys.has_value()) return 0;
  const auto written = crypto::to_jwk_set(*keys);
  if (!written.has_value()) std::abort();
  const auto again = crypto::parse_jwk_set(*written);
  if (!again.has_value() || again->size() != keys->size()) std::abort();
  return 0;
}
