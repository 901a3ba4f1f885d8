// The agent reading what a local application sends first, and a client what it is welcomed with.
#include <cstdlib>
#include <cstring>

#include "inference/client/greeting.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::inference;
  if (const auto wish = parse_hello({data, size})) {
    const Hello again = to_hello(*wish);
    if (std::memcmp(&again, data, size) != 0) std::abort();  // one spelling for each wish
  }
  static_cast<void>(parse_welcome({data, size}));
  return 0;
}
