// A signed payload is a contract only if it can be written, signed and read back alike.
#include <cstdlib>

#include "release/dsse.h"
#include "release/runtime_contract.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  static const auto key = crypto::PrivateKey::generate_p256();
  static const auto trusted = key.public_key();
  const auto publishers = std::span(&trusted, 1);
  const ByteView bytes(data, size);
  if (release::verify_runtime_contract(as_text(bytes), publishers).has_value()) std::abort();
  const auto envelope = release::sign_dsse(release::kInTotoPayloadType, bytes, key);
  const auto verified = release::verify_runtime_contract(codec::to_json(*envelope), publishers);
  if (!verified.has_value()) return 0;
  const release::RuntimeContract& contract = **verified;
  const auto again = release::read_contract(release::write_contract(contract));
  if (!again.has_value() || *again != contract) std::abort();
  if (!release::differences(contract, *again).empty()) std::abort();
  if (release::describe(contract).empty()) std::abort();
  return 0;
}
