// Unsigned manifests that are accepted and have one CoMID are written back and read alike; signed
// ones are never accepted, since nobody signed them, and told only as what nobody signed.
#include <cstdlib>

#include "attestation/corim/corim.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  using namespace vedette::attestation::corim;
  static const std::vector signers{crypto::PrivateKey::generate_p256().public_key()};
  const ByteView bytes(data, size);
  const TimePoint now = from_unix_seconds(1'800'000'000);
  if (verify_corim(bytes, {.trusted_signers = signers, .now = now}).has_value()) std::abort();
  if (const auto told = read_unverified_corim(bytes); told.has_value() && told->key.has_value())
    std::abort();
  const CorimExpectation unsigned_too{.now = now, .insecure_accept_unsigned = true};
  const auto corim = verify_corim(bytes, unsigned_too);
  if (!corim.has_value() || (*corim)->tags.size() != 1) return 0;
  const auto again = verify_corim(write_corim(**corim).value(), unsigned_too);
  if (!again.has_value() || **again != **corim) std::abort();
  return 0;
}
