#include <cstddef>
#include <cstdint>

#include "platform/tpm/esys/nv_certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const vedette::ByteView input(data, size);
  static_cast<void>(vedette::platform::esys::certificate_in(input));
  return 0;
}
