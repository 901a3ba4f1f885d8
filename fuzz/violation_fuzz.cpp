// A violation is believed only with its signature; a signed payload is believed only when it is a
// violation, and then it can be signed again.
#include <cstdlib>

#include "crypto/jws.h"
#include "ledger/violation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto key = crypto::PrivateKey::generate_p256();
  const std::string_view text = as_text(ByteView(data, size));
  if (ledger::verify_violation(text, key.public_key()).has_value()) std::abort();
  const auto jws =
      crypto::sign_jws({.type = std::string(ledger::kViolationType), .key_id = {}}, text, key);
  if (!jws.has_value()) return 0;
  const auto violation = ledger::verify_violation(*jws, key.public_key());
  if (!violation.has_value()) return 0;
  const auto again = ledger::sign_violation((*violation)->claims, key);
  if (!again.has_value()) std::abort();
  const auto read = ledger::verify_violation(*again, key.public_key());
  if (!read.has_value() || (*read)->claims.event != (*violation)->claims.event) std::abort();
  return 0;
}
