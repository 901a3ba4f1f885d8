// Evidence of anyone's making: read, and never verified by a key that did not sign it.
#include <cstdlib>

#include "attestation/quote.h"
#include "crypto/key.h"
#include "testing/tpm_forge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const codec::TpmPublic key =
      codec::parse_tpmt_public(
          testing::forge_public(crypto::PrivateKey::generate_p256().public_key(), {}))
          .value();
  const auto json = codec::parse_json(as_text(ByteView(data, size)));
  if (!json.has_value()) return 0;
  const auto evidence = attestation::parse_quote_evidence(*json);
  if (!evidence.has_value()) return 0;
  const attestation::QuoteExpectation expected{.attestation_key = key,
                                               .extra_data = evidence->nonce,
                                               .selection = {},
                                               .last = {},
                                               .firmware = {}};
  if (attestation::verify_quote(*evidence, expected).has_value()) std::abort();
  return 0;
}
