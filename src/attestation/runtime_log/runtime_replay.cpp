#include "attestation/runtime_log/runtime_replay.h"

#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {

Result<Verified<RuntimeAdvance>> advance(const RuntimeReplay& from, const RuntimeLog& log,
                                         const crypto::BankDigest& quoted) {
  const bool goes_on = from.records == 0 || from.value.bank() == quoted.bank();
  if (log.first_recnum != from.records || !goes_on)
    return refuse("ATT-RUNTIME-LOG-GAP",
                  "the runtime measurement log leaves out or repeats records",
                  "it begins with record " + std::to_string(log.first_recnum) + " instead of " +
                      std::to_string(from.records));
  RuntimeAdvance advanced{.replay = from, .events = {}};
  if (from.records == 0) advanced.replay.value = crypto::BankDigest(quoted.bank());
  for (const RuntimeRecord& record : log.records) {
    if (advanced.replay.value == quoted) break;
    const crypto::BankDigest* const digest = record.digest(quoted.bank());
    if (digest == nullptr)
      return refuse("ATT-RUNTIME-LOG-BANK",
                    "the runtime measurement log has no digests of the quoted bank",
                    std::string(name_of_bank(quoted.bank())),
                    "boot the device anew: its agent extends every bank that is active then");
    advanced.replay.value = advanced.replay.value.extended(*digest);
    ++advanced.replay.records;
    advanced.events.push_back(record.event);
  }
  if (advanced.replay.value != quoted)
    return refuse("ATT-RUNTIME-LOG-MISMATCH",
                  "the runtime measurement log does not lead to what the TPM says was measured",
                  std::to_string(log.records.size()) + " new records, quoted " + to_string(quoted),
                  "something was measured that the log does not name, or the log was altered: "
                  "inspect the device, then boot it anew");
  return Verified<RuntimeAdvance>(RuntimeAdvance::VerificationKey(), std::move(advanced));
}

}  // namespace vedette::attestation
