// A certificate that is accepted keeps its bytes, and none of its accessors or a chain check fails.
#include <array>
#include <cstdlib>

#include "crypto/certificate.h"
#include "crypto/endorsement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const ByteView bytes(data, size);
  const auto certificate = crypto::Certificate::from_der(bytes);
  if (!certificate.has_value()) return 0;
  if (!equal(certificate->der(), bytes)) std::abort();
  (void)certificate->subject();
  (void)certificate->serial_hex();
  (void)certificate->uri_names();
  (void)certificate->public_key();
  (void)crypto::endorsement_public_key(*certificate);
  (void)crypto::subject_der(*certificate);
  for (const auto purpose : {crypto::Purpose::tls_client, crypto::Purpose::endorsement_key})
    (void)crypto::verify_chain(*certificate, std::array{*certificate}, std::array{*certificate},
                               certificate->not_before(), purpose);
  return 0;
}
