// The registers that a log claims to have filled.
#pragma once

#include "attestation/event_log/event_log.h"
#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {

// Extends every event but EV_NO_ACTION. SHA-1 too, to show what an old log says. Refuses
//   ATT-LOG-BANK       the log has no digests of that bank
//   ATT-LOG-NO-ACTION  an EV_NO_ACTION has a digest, which something might take for measured
//   ATT-LOG-LOCALITY   StartupLocality is malformed, comes twice, or after PCR 0 was extended
[[nodiscard]] Result<RegisterBank> replay(const EventLog& log, codec::TpmAlgorithm bank);

}  // namespace vedette::attestation
