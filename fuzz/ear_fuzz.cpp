// The input as a payload that the verifier signed: what is accepted is for this device and time.
// As a whole token it is never accepted.
#include <cstdlib>

#include "attestation/ear.h"
#include "crypto/jws.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto verifier = crypto::PrivateKey::generate_p256();
  static const attestation::EarExpectation expected{
      .verifier_key = verifier.public_key(),
      .issuer = "spiffe://edge.example/server/control-plane",
      .subject = "spiffe://edge.example/device/drone-1",
      .certificate_fingerprint = {},
      .now = from_unix_seconds(1'900'000'000)};
  const std::string text(as_text(ByteView(data, size)));
  if (attestation::verify_ear(text, expected).has_value()) std::abort();
  const auto token = crypto::sign_jws({attestation::kEarType, "v1"}, text, verifier);
  if (!token.has_value()) return 0;
  const auto ear = attestation::verify_ear(*token, expected);
  if (ear.has_value() && ear->expires_at() <= expected.now) std::abort();
  return 0;
}
