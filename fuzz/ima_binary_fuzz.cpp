// What parse_ima_binary accepts, its writer writes again octet for octet, and a torn last entry is
// refused.
#include <cstdlib>

#include "attestation/ima/ima_appraisal.h"
#include "attestation/ima/ima_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const ByteView bytes(data, size);
  (void)attestation::parse_ima_signature(bytes);
  const auto list = attestation::parse_ima_binary(bytes);
  if (!list.has_value() || list->entries.empty()) return 0;
  Bytes again;
  for (const attestation::ImaEntry& entry : list->entries)
    append(again, attestation::encode_ima_binary(entry));
  if (!equal(again, bytes)) std::abort();
  if (attestation::parse_ima_binary(bytes.first(size - 1)).has_value()) std::abort();
  return 0;
}
