// Enrolment: how a device proves which TPM it has, and which TLS key is its own.
//
//   request --verify_enrollment--> claim --PendingEnrollments--> redeemed claim
//     --check_enrollment_csr, apply_enrollment--> Device and certificate
//
// What the claim alone does not prove is that the attestation key sits in the TPM of the
// endorsement key: TPM2_ActivateCredential does, when the secret is redeemed.
#pragma once

#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "base/verified.h"
#include "codec/json.h"
#include "codec/tpm.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "identity/device.h"
#include "identity/key_statement.h"
#include "identity/spiffe.h"

namespace vedette::identity {

// The body of POST /v1/enrollments, well-formed and nothing more.
struct EnrollmentRequest {
  codec::TpmPublic endorsement_key;
  std::optional<Bytes> endorsement_certificate;  // DER, unread: it may be older than our reader
  codec::TpmPublic attestation_key;
  KeyStatement device_key;
  std::optional<crypto::Sha256Digest> token_sha256 =
      {};  // of a token (identity/enrollment_token.h)
};

// Members beyond the protocol's refuse, too. Refuses ENR-SYNTAX, for keys that are no key, too, and
// ENR-TOKEN-SYNTAX.
[[nodiscard]] Result<EnrollmentRequest> parse_enrollment_request(const codec::Json& body);

// SHA-256 of the EK's TPMT_PUBLIC: what the allow-list holds.
[[nodiscard]] crypto::Sha256Digest endorsement_sha256(const codec::TpmPublic& endorsement_key);

enum class Admission : std::uint8_t { allow_list, endorsement_root };

// Who asks for a certificate, for which keys. Only verify_enrollment makes a verified one.
struct EnrollmentClaim {
  class VerificationKey;

  DeviceId device;
  GroupId group;
  Admission admission = Admission::allow_list;
  crypto::Sha256Digest endorsement_sha256{};
  codec::TpmPublic endorsement_key;
  codec::TpmPublic attestation_key;
  Bytes attestation_key_name;  // for crypto::make_credential
  crypto::PublicKey device_key;
  crypto::Sha256Digest device_key_sha256{};  // of its SubjectPublicKeyInfo
  std::optional<SkuId> sku = {};             // of the rule that admits it
  KeyKind key_kind = KeyKind::tpm;
  std::optional<TpmBoot> vouched_in = {};  // whose software vouches for a key of another kind
  // Of the EK certificate by which a maker's root admits it; empty where none was verified.
  std::string certificate_serial = {};
  std::optional<crypto::Sha256Digest> maker_root = {};    // SHA-256 of that root
  std::optional<crypto::Sha256Digest> token_sha256 = {};  // of the token that came with it
};

// What the control plane knows when a request comes.
struct EnrollmentContext {
  ByteView channel_binding;                   // RFC 9266 exporter of this connection, 32 octets
  std::optional<AllowedEndorsement> allowed;  // the allow-list's entry for this EK, if it has one
  std::span<const EndorsementRoot> roots;  // an issuer that a root certified may stand among them
  TimePoint now;
  // Of the device with this EK that has enrolled before: only roots of this group admit it again,
  // and its token, if it still sends it, is not looked at. None: it comes for the first time.
  std::optional<GroupId> group_on_record = {};
};

// Refuses, in this order:
//   ENR-EK-ATTRIBUTES    the EK is no fixed, restricted decryption key
//   ENR-EK-KEY           its public key is malformed, weak, or of a kind that we cannot challenge
//   ENR-EK-CERTIFICATE   the EK certificate cannot be read
//   ENR-EK-MISMATCH      the EK certificate is for another key than the EK in use
//   ENR-EK-UNKNOWN       neither the allow-list nor a chain to a configured root admits the EK
//   ENR-AK-ATTRIBUTES    the AK is no fixed, restricted signing key
//   ENR-AK-SCHEME        the AK is neither ECDSA P-256 SHA-256, P-384 SHA-384 nor RSA-2048 SHA-256
//   ENR-CHANNEL          the connection has no channel binding to compare with
//   ENR-KEY-*, ENR-CERTIFY-*, ENR-QUOTE-*
//                        the device key, or the AK's word for it (key_statement.h)
// An allow-list entry admits alone: the certificate is then not looked at.
[[nodiscard]] Result<Verified<EnrollmentClaim>> verify_enrollment(const EnrollmentRequest& request,
                                                                  const EnrollmentContext& context);

class EnrollmentClaim::VerificationKey {
  friend Result<Verified<EnrollmentClaim>> verify_enrollment(const EnrollmentRequest&,
                                                             const EnrollmentContext&);
  VerificationKey() = default;
};

// The request to be signed is for the key that was stated, and for no other name.
// Refuses ENR-CSR-KEY and ENR-CSR-SAN (any requested SAN besides exactly `expected`).
[[nodiscard]] Result<void> check_enrollment_csr(const crypto::CertificateRequest& request,
                                                const Verified<EnrollmentClaim>& claim,
                                                const SpiffeId& expected);

// RFC 7030, 4.2.2: same subject, same SAN, and the same key, since only that one is certified.
// Refuses ENR-CSR-SUBJECT, ENR-CSR-SAN, ENR-CSR-KEY.
[[nodiscard]] Result<void> check_reenrollment_csr(const crypto::CertificateRequest& request,
                                                  const crypto::Certificate& current,
                                                  const SpiffeId& expected);

// A key outside of the TPM is renewed once an attestation of the boot that named it was accepted.
// Refuses ENR-KEY-UNVOUCHED.
[[nodiscard]] Result<void> check_renewable(const Device& device);

// Whether its TPM may have a certificate still: the allow-list names it, or the maker's root that
// admitted it is configured. Asked before each certificate, whichever way it is asked for. Refuses
// ENR-EK-UNKNOWN.
[[nodiscard]] Result<void> check_admitted(const Device& device,
                                          const std::optional<AllowedEndorsement>& allowed,
                                          std::span<const EndorsementRoot> roots);

// What the registry knows about a claim: under its id, and under its EK.
struct KnownDevices {
  std::optional<Device> by_id;
  std::optional<Device> by_endorsement;
};

// A device that lost its trust does not regain it by enrolling. Refuses ENR-REVOKED and
// ENR-QUARANTINED.
[[nodiscard]] Result<void> check_enrollable(const Device& device);

// Whether the registry says already what the claim says: an enrolment whose answer was lost. It
// then gets its certificate again, and changes nothing.
[[nodiscard]] bool is_enrolled_already(const KnownDevices& known, const EnrollmentClaim& claim);

// The record to save. Enrolling again raises the epoch, and leaves the SKU as it is: else a device
// that an operator moved to another could move itself back. The group changes by the allow-list
// alone, not by a maker's root. Refuses ENR-REVOKED, ENR-QUARANTINED,
// ENR-ID-TAKEN (another TPM has that id) and ENR-EK-TAKEN (this TPM has another id).
[[nodiscard]] Result<Device> apply_enrollment(const KnownDevices& known,
                                              const Verified<EnrollmentClaim>& claim,
                                              TimePoint now);

}  // namespace vedette::identity
