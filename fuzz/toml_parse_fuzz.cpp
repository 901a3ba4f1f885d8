// What parse_toml accepts is a JSON value like any other.
#include <cstdlib>

#include "codec/toml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto value = codec::parse_toml(as_text(ByteView(data, size)));
  if (!value.has_value()) return 0;
  const auto again = codec::parse_json(codec::to_json(*value), {.max_depth = 64});
  if (!again.has_value() || *again != *value) std::abort();
  return 0;
}
