// What parse_ima_ascii accepts is the same list in the binary form.
#include <cstdlib>

#include "attestation/ima/ima_list.h"
#include "attestation/ima/ima_policy_import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const std::string_view text = as_text(ByteView(data, size));
  (void)attestation::import_digest_list(text);
  (void)attestation::import_keylime_policy(text);
  const auto list = attestation::parse_ima_ascii(text);
  if (!list.has_value()) return 0;
  Bytes binary;
  for (const attestation::ImaEntry& entry : list->entries)
    append(binary, attestation::encode_ima_binary(entry));
  const auto again = attestation::parse_ima_binary(binary);
  if (!again.has_value() || again->entries != list->entries) std::abort();
  return 0;
}
