// EnrollmentService: from a proven TPM to a certificate, by EST (RFC 7030).
#pragma once

#include <chrono>

#include "base/error.h"
#include "identity/authority.h"
#include "identity/pending_enrollments.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

class EnrollmentService {
 public:
  EnrollmentService(platform::Store& store, Chronicle& chronicle,
                    const identity::CertificateAuthority& authority, const Clock& clock,
                    std::chrono::seconds certificate_lifetime)
      : store_(store),
        chronicle_(chronicle),
        authority_(authority),
        clock_(clock),
        certificate_lifetime_(certificate_lifetime) {}

  [[nodiscard]] Result<platform::HttpResponse> ca_certificates(const Call& call);
  // First half: is this TPM admitted, and are these its keys?
  [[nodiscard]] Result<platform::HttpResponse> begin(const Call& call);
  // Second half: the TPM gave the secret back; the certificate is issued.
  [[nodiscard]] Result<platform::HttpResponse> simple_enroll(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> simple_reenroll(const Call& call);

 private:
  using Claim = Verified<identity::EnrollmentClaim>;

  [[nodiscard]] Result<Claim> verify(const identity::EnrollmentRequest& request, const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> challenge(const Claim& claim);
  [[nodiscard]] Result<crypto::Certificate> issue(const DeviceId& device,
                                                  const crypto::PublicKey& key) const;
  [[nodiscard]] Result<platform::HttpResponse> certificate_answer(
      const crypto::Certificate& certificate) const;

  platform::Store& store_;
  Chronicle& chronicle_;
  const identity::CertificateAuthority& authority_;
  const Clock& clock_;
  std::chrono::seconds certificate_lifetime_;
  identity::PendingEnrollments pending_;
};

}  // namespace vedette::server
