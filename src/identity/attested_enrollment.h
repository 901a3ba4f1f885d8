// Attested enrolment: a device whose attestation key is on record gets a certificate in one
// exchange, by a certification request that holds its proofs (draft-ietf-lamps-csr-attestation).
//
// That the attestation key lives in the TPM of the endorsement key was proven when the device first
// enrolled (identity/enrollment.h). What is proven here: the same TPM made this statement now, on
// this connection, for the key that the certificate is asked for.
#pragma once

#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "codec/tpm.h"
#include "crypto/attestation_bundle.h"
#include "crypto/certificate.h"
#include "identity/device.h"
#include "identity/key_statement.h"
#include "identity/spiffe.h"

namespace vedette::identity {

// Refuses ENR-KEY-STATEMENT (there is none), CSR-ATTESTATION, and TPM-* for the key.
[[nodiscard]] Result<CertifiedKey> key_statement_in(
    std::span<const crypto::AttestationStatement> statements);

// What TPM2_Certify of the device key must carry as extraData:
// SHA-256("vedette enrollment v2" || 0x00 || nonce || channel_binding || key_sha256).
[[nodiscard]] crypto::Sha256Digest attested_binding(ByteView nonce, ByteView channel_binding,
                                                    const crypto::Sha256Digest& key_sha256);

// The device that a request names, by one URI and by nothing else. Refuses ENR-CSR-SAN.
[[nodiscard]] Result<DeviceId> device_named_in(const crypto::CertificateRequest& request,
                                               const TrustDomain& trust_domain);

// What the control plane knows when such a request comes.
struct AttestedContext {
  ByteView nonce;                       // that this server issued to this connection
  ByteView channel_binding;             // RFC 9266 exporter of this connection, 32 octets
  const std::optional<Device>& device;  // on record under the name asked for
  const std::optional<AllowedEndorsement>& allowed;  // the allow-list's entry for its EK now
  std::span<const EndorsementRoot> roots;            // that are configured now
  TimePoint now;
};

// The record to save: the epoch raised, the key as it was asked for, the group as the allow-list
// says it now. Refuses, in this order:
//   ENR-AK-UNKNOWN       no device of that name is on record, or not with the attestation key that
//                        signed: told apart, strangers could ask which names there are
//   ENR-AK-*, ENR-KEY-*  a key is not what it must be (identity/enrollment.h)
//   ENR-CERTIFY-*        the certification fails in this way
//   ENR-CSR-KEY          the request is for another key than the certified one
//   ENR-QUARANTINED, ENR-REVOKED
//   ENR-EK-UNKNOWN       its TPM is not admitted any more (check_admitted)
//   ENR-EK-TAKEN         an operator gave this TPM another name since
[[nodiscard]] Result<Device> apply_attested_enrollment(const CertifiedKey& statement,
                                                       const crypto::CertificateRequest& request,
                                                       const AttestedContext& context);

}  // namespace vedette::identity
