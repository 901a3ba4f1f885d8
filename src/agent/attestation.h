// Attestation: quote the device's state to the server, get its verdict.
#pragma once

#include <cstdint>
#include <functional>

#include "agent/credentials.h"
#include "agent/evidence_logs.h"
#include "agent/trust_state.h"
#include "base/clock.h"
#include "base/error.h"
#include "platform/net/http.h"
#include "platform/tpm/tpm.h"

namespace vedette::agent {

// The logs behind the quoted registers.
struct EvidenceSource {
  std::uint8_t runtime_register = 0;
  bool everything = false;  // from the first entry on, whatever the server asks for
  std::function<Result<DeviceLogs>(const LogWish&)> read;  // called after the quote was made
};

// One challenge and one quote, over one connection. Once more when the server has not kept up with
// the logs (ATT-LOGS-WANTED), then with everything; and once more when the connection changed in
// between (ATT-NONCE). Logs are sent to a server that asks for them. Refuses what the server
// refuses (ATT-*), TPM-* and NET-*, what `logs` refuses, AGT-RUNTIME-REGISTER when the server
// expects the agent's measurements in another register, and AGT-PCR-BANK when it asks for another
// bank than crypto::kBanks.
[[nodiscard]] Result<Verdict> attest(platform::HttpClient& client, platform::Tpm& tpm,
                                     const Credentials& credentials, const Clock& clock,
                                     const EvidenceSource& logs);

}  // namespace vedette::agent
