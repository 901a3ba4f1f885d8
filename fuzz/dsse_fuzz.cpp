// No envelope verifies that we did not sign; one that we signed gives back its octets.
#include <cstdlib>

#include "release/dsse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto key = crypto::PrivateKey::generate_ed25519();
  static const auto trusted = key.public_key();
  const ByteView bytes(data, size);
  const auto json = codec::parse_json(as_text(bytes));
  if (json.has_value() &&
      release::verify_dsse(*json, release::kInTotoPayloadType, std::span(&trusted, 1)).has_value())
    std::abort();
  const auto envelope = release::sign_dsse("t", bytes, key);
  const auto payload = release::verify_dsse(*envelope, "t", std::span(&trusted, 1));
  if (!payload.has_value() || !equal(payload->payload, bytes)) std::abort();
  return 0;
}
