// No octets verify that we did not sign; a signed payload is believed only when it is a delta
// statement, and then it can be signed again.
#include <cstdlib>

#include "codec/json.h"
#include "release/delta/delta_statement.h"
#include "release/dsse.h"
#include "release/in_toto.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto kKey = crypto::PrivateKey::generate_p256();
  static const auto kTrusted = kKey.public_key();
  const ByteView bytes(data, size);
  if (release::verify_delta_statement(as_text(bytes), std::span(&kTrusted, 1))) std::abort();
  const auto envelope = release::sign_dsse(release::kInTotoPayloadType, bytes, kKey);
  const auto verified =
      release::verify_delta_statement(codec::to_json(*envelope), std::span(&kTrusted, 1));
  if (!verified) return 0;
  const auto again = release::sign_delta_statement(**verified, kKey);
  if (!again || !release::verify_delta_statement(*again, std::span(&kTrusted, 1))) std::abort();
  return 0;
}
