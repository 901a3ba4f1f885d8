// A bundle that is taken is refused once an octet follows it, and its statements can be read or
// refused, never worse.
#include <cstdlib>

#include "crypto/attestation_bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto statements = crypto::parse_attestation_bundle(ByteView(data, size));
  if (!statements.has_value()) return 0;
  for (const auto& statement : *statements) {
    (void)crypto::parse_tpm_certify(statement.content);
    (void)crypto::parse_json_message(statement.content);
  }
  if (crypto::parse_attestation_bundle(crypto::make_attestation_bundle(*statements))
          .value()
          .size() != statements->size())
    std::abort();
  Bytes longer(data, data + size);
  longer.push_back(0);
  if (crypto::parse_attestation_bundle(longer).has_value()) std::abort();
  return 0;
}
