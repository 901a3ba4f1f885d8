// What parse_json accepts, to_json writes and parse_json reads back as the same value.
#include <cstdlib>

#include "codec/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto value = codec::parse_json(as_text(ByteView(data, size)));
  if (!value.has_value()) {
    if (!codec::parse_json(codec::to_json(codec::Json(describe(value.error()))))) std::abort();
    return 0;
  }
  const auto again = codec::parse_json(codec::to_pretty_json(*value));
  if (!again.has_value() || *again != *value) std::abort();
  if (codec::to_json(*again) != codec::to_json(*value)) std::abort();
  return 0;
}
