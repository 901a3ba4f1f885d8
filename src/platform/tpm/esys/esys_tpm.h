// A Tpm over the TCG's ESYS library (tss2-esys).
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "platform/tpm/tpm.h"

namespace vedette::platform {

struct EsysTpmSettings {
  // How the TPM is reached: `device:/dev/tpmrm0`, or `swtpm:path=/absolute/socket`.
  std::string tcti;
  // Where the attestation key and the device key lie, wrapped by this TPM; made (0700) when absent.
  // The same folder and TPM give the same keys after every restart.
  std::string state_folder;
  // Of a key that is made; one that lies there must be of it.
  AttestationKeyKind attestation_key = AttestationKeyKind::ecdsa_p256;
};

// Connects, without making any key yet. Refuses TPM-TCTI and TPM-UNREACHABLE.
//
// Both keys are made at the first use of either and stay loaded while the result, or a signer from
// it, lives: two of the at least three slots that a TPM has, so that no resource manager is needed.
// A power cycle of the TPM, or a lost connection, costs at most the call that met it: the next one
// connects and loads anew. Calls that use a key refuse, besides what tpm.h says:
//   TPM-STATE          the stored key is damaged, of another kind, or its folder cannot be used
//   TPM-FOREIGN-STATE  the stored key was wrapped by another TPM (a copied disk, a cleared TPM);
//                      nothing is created over it
//   TPM-CREDENTIAL, TPM-EK-CERTIFICATE, TPM-PCR-SELECTION, TPM-PCR-BANK, TPM-PCR-UNSTABLE,
//   TPM-QUALIFYING-DATA as their functions say (endorsement.h, evidence.h)
[[nodiscard]] Result<std::unique_ptr<Tpm>> open_esys_tpm(const EsysTpmSettings& settings);

// libtss2 writes every refused command to standard error, beside the value that we return. This
// turns that off unless the person set TSS2_LOG. It changes the environment: call it from main()
// before the first thread.
void quiet_tss2_log();

}  // namespace vedette::platform
