// Attestation: quote the device's state to the server, get its verdict.
#pragma once

#include "agent/credentials.h"
#include "agent/trust_state.h"
#include "base/clock.h"
#include "base/error.h"
#include "platform/net/http.h"
#include "platform/tpm/tpm.h"

namespace vedette::agent {

// One challenge and one quote. Refuses what the server refuses (ATT-*), and TPM-* and NET-*.
[[nodiscard]] Result<Verdict> attest(platform::HttpClient& client, platform::Tpm& tpm,
                                     const Credentials& credentials, const Clock& clock);

}  // namespace vedette::agent
