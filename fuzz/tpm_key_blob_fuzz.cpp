#include <cstddef>
#include <cstdint>

#include "platform/tpm/esys/key_blob.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const vedette::ByteView input(data, size);
  static_cast<void>(vedette::platform::esys::parse_key_blob(input));
  return 0;
}
