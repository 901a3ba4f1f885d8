// A receipt is believed only with its signature; a signed payload is believed only when it is a
// receipt, and then it can be signed again.
#include <cstdlib>

#include "crypto/jws.h"
#include "ledger/receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto key = crypto::PrivateKey::generate_p256();
  const std::string_view text = as_text(ByteView(data, size));
  if (ledger::verify_receipt(text, key.public_key()).has_value()) std::abort();
  const auto jws =
      crypto::sign_jws({.type = std::string(ledger::kReceiptType), .key_id = {}}, text, key);
  if (!jws.has_value()) return 0;
  const auto receipt = ledger::verify_receipt(*jws, key.public_key());
  if (receipt.has_value() && !ledger::sign_receipt((*receipt)->claims, key).has_value())
    std::abort();
  return 0;
}
