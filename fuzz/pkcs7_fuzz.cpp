// Certificates out of a certs-only message can be put into another.
#include <cstdlib>

#include "crypto/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto certificates = crypto::parse_certs_only(ByteView(data, size));
  if (certificates.has_value() && !crypto::make_certs_only(*certificates).has_value()) std::abort();
  return 0;
}
