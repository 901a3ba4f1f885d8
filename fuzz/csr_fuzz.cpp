// A request that is accepted is refused once an octet follows it.
#include <cstdlib>

#include "crypto/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  if (!crypto::parse_certificate_request(ByteView(data, size)).has_value()) return 0;
  Bytes longer(data, data + size);
  longer.push_back(0);
  if (crypto::parse_certificate_request(longer).has_value()) std::abort();
  return 0;
}
