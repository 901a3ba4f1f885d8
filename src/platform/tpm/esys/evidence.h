// What the attestation key signs: quotes over registers, certifications of keys.
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"
#include "crypto/bank_digest.h"
#include "platform/tpm/esys/esys_call.h"
#include "platform/tpm/tpm.h"

namespace vedette::platform::esys {

// Refuses TPM-PCR-SELECTION when the selection is empty, unordered or beyond register 23;
// TPM-PCR-BANK when the TPM keeps no such bank; TPM-QUALIFYING-DATA beyond 32 octets;
// TPM-PCR-UNSTABLE when registers changed during each of five attempts.
[[nodiscard]] Result<TpmQuote> quote(ESYS_CONTEXT* context, ESYS_TR attestation_key,
                                     const codec::TpmPcrSelection& selection,
                                     ByteView qualifying_data);

[[nodiscard]] Result<TpmCertification> certify(ESYS_CONTEXT* context, ESYS_TR object,
                                               ESYS_TR attestation_key, ByteView qualifying_data);

[[nodiscard]] Result<codec::TpmClockInfo> read_clock(ESYS_CONTEXT* context);

// Refuses TPM-PCR-SELECTION as quote() does, and TPM-PCR-BANK when the TPM keeps the register in
// none of crypto::kBanks.
[[nodiscard]] Result<std::vector<crypto::BankDigest>> read_register(ESYS_CONTEXT* context,
                                                                    std::uint8_t pcr);

[[nodiscard]] Result<void> extend(ESYS_CONTEXT* context, std::uint8_t pcr,
                                  const std::vector<crypto::BankDigest>& digests);

}  // namespace vedette::platform::esys
