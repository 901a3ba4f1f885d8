// What parse_runtime_log accepts, the writer writes again octet for octet.
#include <cstdlib>

#include "attestation/runtime_log/runtime_log.h"
#include "attestation/runtime_log/runtime_recovery.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const ByteView bytes(data, size);
  const auto recovery = attestation::plan_recovery(bytes, 14, {crypto::sha256(bytes)});
  if (recovery.octets_to_keep > size) std::abort();
  const auto log = attestation::parse_runtime_log(bytes, 0, 14);
  if (!log.has_value()) return 0;
  Bytes again;
  for (std::uint64_t number = 0; number < log->records.size(); ++number)
    append(again, attestation::encode_record(number, 14, log->records[number].event).value());
  if (!equal(again, bytes)) std::abort();
  return 0;
}
