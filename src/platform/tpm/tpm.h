// Tpm: the device's root of trust, as the agent needs it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "codec/tpm.h"
#include "crypto/key.h"

namespace vedette::platform {

struct TpmQuote {
  Bytes attest;                   // TPMS_ATTEST
  Bytes signature;                // TPMT_SIGNATURE
  std::vector<Bytes> pcr_values;  // in the order of the selection
};

struct TpmCertification {
  Bytes attest;     // TPMS_ATTEST of type certify
  Bytes signature;  // TPMT_SIGNATURE
};

// One TPM 2.0. Thread-safe: one command at a time behind a mutex. Every call refuses
// TPM-UNREACHABLE when the TPM does not answer and TPM-COMMAND (with the decoded response code as
// cause) when it says no.
class Tpm {
 public:
  Tpm() = default;
  Tpm(const Tpm&) = delete;
  Tpm& operator=(const Tpm&) = delete;
  virtual ~Tpm() = default;

  // The endorsement key by the TCG default template (RSA 2048, else ECC P-256): TPM2B_PUBLIC.
  [[nodiscard]] virtual Result<Bytes> endorsement_key() = 0;
  // Its certificate from NV, DER; none where the maker wrote none.
  [[nodiscard]] virtual Result<std::optional<Bytes>> endorsement_certificate() = 0;

  // The attestation key: P-256, restricted, fixed, for signing alone. TPM2B_PUBLIC.
  [[nodiscard]] virtual Result<Bytes> attestation_key() = 0;
  // The device's TLS and signing key: P-256, unrestricted, fixed. TPM2B_PUBLIC.
  [[nodiscard]] virtual Result<Bytes> device_key() = 0;
  // Signs digests with the device key; keeps the TPM alive.
  [[nodiscard]] virtual Result<std::shared_ptr<crypto::DigestSigner>> device_key_signer() = 0;

  // TPM2_ActivateCredential with the endorsement and attestation keys.
  [[nodiscard]] virtual Result<SecretBytes> activate_credential(ByteView credential_blob,
                                                                ByteView encrypted_secret) = 0;
  // TPM2_Certify of the device key by the attestation key; `qualifying_data` is at most 32 octets.
  [[nodiscard]] virtual Result<TpmCertification> certify_device_key(ByteView qualifying_data) = 0;
  // TPM2_Quote by the attestation key, with the values of the same registers read around it:
  // retried when they changed in between.
  [[nodiscard]] virtual Result<TpmQuote> quote(const codec::TpmPcrSelection& selection,
                                               ByteView qualifying_data) = 0;
  // TPM2_PCR_Extend in the SHA-256 bank.
  [[nodiscard]] virtual Result<void> extend(std::uint8_t pcr,
                                            const crypto::Sha256Digest& digest) = 0;
};

}  // namespace vedette::platform
