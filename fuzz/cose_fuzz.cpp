// No message verifies under a key that signed nothing; what is signed over the input verifies.
#include <cstdlib>

#include "crypto/cose.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto key = crypto::PrivateKey::generate_p256();
  static const auto stranger = crypto::PrivateKey::generate_p256().public_key();
  const ByteView bytes(data, size);
  const crypto::CoseSign1Options options{.tag = crypto::CoseTag::optional, .understood = {8}};
  if (crypto::verify_cose_sign1(bytes, stranger, options).has_value()) std::abort();
  const auto message = crypto::sign_cose_sign1({.key_id = to_bytes(bytes)}, bytes, key);
  if (message.has_value() != crypto::verify_cose_sign1(*message, key.public_key()).has_value())
    std::abort();
  return 0;
}
