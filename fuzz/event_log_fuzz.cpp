// What a log says of itself is replayed, quoted back to it, told in facts and in words.
#include <cstdlib>

#include "attestation/event_log/boot_facts.h"
#include "attestation/event_log/replay.h"
#include "attestation/event_log/words.h"

namespace {

using namespace vedette;
using namespace vedette::attestation;

void judge(const EventLog& log, codec::TpmAlgorithm bank) {
  const auto registers = replay(log, bank);
  if (!registers.has_value()) return;
  QuotedRegisters quoted{bank, {}};
  for (std::uint8_t pcr = 0; pcr < kRegisterCount; ++pcr)
    quoted.values[pcr] = to_bytes(registers->value(pcr));
  const auto boot = verify_event_log(log, quoted, {});
  if (boot.has_value()) (void)read_boot_facts(*boot);
  quoted.values[4].back() ^= 1U;
  if (verify_event_log(log, quoted, {}).has_value()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  (void)parse_event_log(bytes, {LogKind::confidential, true});
  const auto log = parse_event_log(bytes, {LogKind::tpm, true});
  if (!log.has_value()) return 0;
  for (const auto bank : log->banks)
    judge(*log, bank);
  for (const Event& event : log->events)
    if (in_words(event).empty()) std::abort();
  return 0;
}
