// EnrollmentService: from a proven TPM to a certificate, by EST (RFC 7030).
#pragma once

#include <chrono>
#include <functional>

#include "attestation/evidence_kind.h"
#include "base/error.h"
#include "identity/attested_enrollment.h"
#include "identity/authority.h"
#include "identity/enrollment_nonces.h"
#include "identity/pending_enrollments.h"
#include "identity/trust_bundle.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/reference_cache.h"
#include "server/refusal_tally.h"
#include "server/route.h"

namespace vedette::server {

// How a quote that comes with a certification request is asked for and judged. All of it outlives
// the service.
struct EnrollmentQuotes {
  const attestation::EvidenceKind& kind;
  ReferenceCache& references;
};

class EnrollmentService {
 public:
  // Closes the live connections of a device; returns how many there were.
  using Disconnect = std::function<std::size_t(const DeviceId&)>;

  EnrollmentService(platform::Store& store, Chronicle& chronicle,
                    const identity::CertificateAuthority& authority,
                    const identity::TrustBundle& trust, const Clock& clock,
                    std::chrono::seconds certificate_lifetime, EnrollmentQuotes quotes,
                    std::vector<std::string> token_groups, Disconnect disconnect)
      : store_(store),
        chronicle_(chronicle),
        authority_(authority),
        trust_(trust),
        clock_(clock),
        certificate_lifetime_(certificate_lifetime),
        quotes_(quotes),
        token_groups_(std::move(token_groups)),
        disconnect_(std::move(disconnect)) {}

  // With all that leads from a former root to the present one and back (RFC 7030, 4.1.3).
  [[nodiscard]] Result<platform::HttpResponse> ca_certificates(const Call& call);
  // What a certification request must hold (RFC 9908).
  [[nodiscard]] Result<platform::HttpResponse> csr_attributes(const Call& call);
  // First half: is this TPM admitted, and are these its keys?
  [[nodiscard]] Result<platform::HttpResponse> begin(const Call& call);
  // What a device that is known proves itself by, in the one exchange of simple_enroll.
  [[nodiscard]] Result<platform::HttpResponse> nonce(const Call& call);
  // Second half: the TPM gave the secret back; or, where the request holds an attestation, all of
  // it. The certificate is issued.
  [[nodiscard]] Result<platform::HttpResponse> simple_enroll(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> simple_reenroll(const Call& call);

 private:
  using Claim = Verified<identity::EnrollmentClaim>;
  struct Attested;

  // A certification request that holds its proofs (attested_enrollment.cpp).
  [[nodiscard]] Result<platform::HttpResponse> attested_enroll(
      const Call& call, const crypto::CertificateRequest& request, ByteView bundle);
  // Says when it was asked for.
  [[nodiscard]] Result<TimePoint> check_proof(const Call& call, const Attested& attested);
  // None where the matter became a clone's alarm.
  [[nodiscard]] Result<std::optional<crypto::Certificate>> issue_attested(
      platform::UnitOfWork& unit, Matter& matter, const Call& call, const Attested& attested) const;

  // The makers' roots, as far as it hangs on them whether the device's TPM is admitted.
  [[nodiscard]] static Result<std::vector<identity::EndorsementRoot>> roots_for(
      platform::UnitOfWork& unit, const identity::Device& device,
      const std::optional<identity::AllowedEndorsement>& allowed);
  [[nodiscard]] static Result<void> check_admission(platform::UnitOfWork& unit,
                                                    const identity::Device& device);

  // Writes the line of what had none of its own, when it is due.
  void sum_up_refusals();
  [[nodiscard]] Result<Claim> verify(const identity::EnrollmentRequest& request, const Call& call);
  // Whether the claim comes with the token that its group may want.
  [[nodiscard]] Result<void> check_token(platform::UnitOfWork& unit,
                                         const identity::EnrollmentClaim& claim,
                                         bool is_on_record) const;
  [[nodiscard]] Result<platform::HttpResponse> challenge(const Claim& claim,
                                                         const platform::Connection& connection);
  struct Signed {
    crypto::Certificate certificate;
    identity::IssuedCertificate record;
  };
  // Nobody's until its record is committed with the decision: what was not committed was not
  // issued.
  [[nodiscard]] Result<Signed> sign(const DeviceId& device, const crypto::PublicKey& key) const;
  // Signed and kept in the decision's transaction.
  [[nodiscard]] Result<crypto::Certificate> issue(platform::UnitOfWork& unit,
                                                  const DeviceId& device,
                                                  const crypto::PublicKey& key) const;
  // What answers a retry; see identity::answers_a_retry. Nothing of a former issuing CA does.
  [[nodiscard]] Result<std::optional<crypto::Certificate>> issued_before(
      platform::UnitOfWork& unit, const identity::Device& device,
      const crypto::Sha256Digest& key_sha256,
      const std::optional<std::string>& presented_serial) const;
  [[nodiscard]] Result<platform::HttpResponse> certificate_answer(
      const crypto::Certificate& certificate) const;

  platform::Store& store_;
  Chronicle& chronicle_;
  const identity::CertificateAuthority& authority_;
  const identity::TrustBundle& trust_;
  const Clock& clock_;
  std::chrono::seconds certificate_lifetime_;
  EnrollmentQuotes quotes_;
  std::vector<std::string> token_groups_;
  Disconnect disconnect_;
  identity::PendingEnrollments pending_;
  identity::EnrollmentNonces nonces_;
  RefusalTally refusals_;
};

}  // namespace vedette::server
