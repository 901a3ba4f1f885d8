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
#include "crypto/bank_digest.h"
#include "crypto/key.h"

namespace vedette::platform {

// What signs quotes: kinds of key of the TCG's "TPM 2.0 Keys for Device Identity and Attestation"
// (H-2, H-3 and H-1), each with the hash that it signs by.
enum class AttestationKeyKind : std::uint8_t {
  ecdsa_p256,  // SHA-256
  ecdsa_p384,  // SHA-384
  rsa_2048,    // RSASSA, SHA-256
};

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

  // The attestation key: restricted, fixed, for signing alone. TPM2B_PUBLIC.
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
  // TPM2_ReadClock: its own clock, which counts while it has power and nobody sets back.
  [[nodiscard]] virtual Result<codec::TpmClockInfo> read_clock() = 0;
  // TPM2_PCR_Read: the register in each of crypto::kBanks that the TPM keeps, in that order and at
  // one moment.
  [[nodiscard]] virtual Result<std::vector<crypto::BankDigest>> read_register(std::uint8_t pcr) = 0;
  // TPM2_PCR_Extend: one digest for each bank that is meant, all at once. A bank that is not
  // mentioned, or not kept, stays as it is.
  [[nodiscard]] virtual Result<void> extend(std::uint8_t pcr,
                                            const std::vector<crypto::BankDigest>& digests) = 0;

  // The ratchet: one value in NV that moves on and, by no command, back. None where it was never
  // made, zeros where it never moved. Refuses TPM-NV-FOREIGN, here and below, when what is there is
  // of another kind, which somebody could write back.
  [[nodiscard]] virtual Result<std::optional<crypto::Sha256Digest>> read_ratchet() = 0;
  // Whoever knows `authorization`, at most 32 octets, can move it. Refuses when there is one.
  [[nodiscard]] virtual Result<void> make_ratchet(ByteView authorization) = 0;
  // TPM2_NV_Extend: the value becomes SHA-256(value || digest). Refuses TPM-NV-AUTHORIZATION.
  [[nodiscard]] virtual Result<void> extend_ratchet(ByteView authorization,
                                                    const crypto::Sha256Digest& digest) = 0;
  // The named power to forget what it held back. Nothing happens where there is none.
  [[nodiscard]] virtual Result<void> insecure_remove_ratchet() = 0;
};

}  // namespace vedette::platform
