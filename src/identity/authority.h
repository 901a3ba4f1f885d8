// CertificateAuthority: the one who signs device, operator and server certificates.
//
// Pure: keys and certificates come in, certificates go out; keeping them is the application's. The
// root's key is needed for nothing but a new issuing CA, and should be taken off the machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "crypto/revocation.h"
#include "identity/spiffe.h"

namespace vedette::identity {

// Certificates are valid from so long before they are issued: for clocks that are behind.
inline constexpr Duration kBackdating = std::chrono::seconds(60);

// What an issuing CA needs to work.
struct AuthorityMaterial {
  crypto::Certificate root;
  crypto::Certificate issuing;
  crypto::PrivateKey issuing_key;
};

struct NewAuthority {
  AuthorityMaterial material;
  crypto::PrivateKey root_key;
};

// How a server is reached, beside its SPIFFE ID.
struct ServerNames {
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // textual
};

// Every leaf: P-256 key, valid from a minute ago (for clocks that are behind), never beyond the
// issuing CA, one URI SAN. All issue_*() refuse CA-KEY (not a P-256 key), CA-LIFETIME (it would end
// before it began, the issuing CA's own end and `not_after_cap` considered) and what signing
// refuses. Thread-safe.
class CertificateAuthority {
 public:
  // A root of ten years and an issuing CA of one year, path length 0, constrained to URIs of the
  // trust domain; fresh P-256 keys.
  [[nodiscard]] static Result<NewAuthority> create(const TrustDomain& trust_domain, TimePoint now);
  // The same for an issuing key that exists: in hardware, for instance.
  [[nodiscard]] static Result<NewAuthority> create(const TrustDomain& trust_domain, TimePoint now,
                                                   crypto::PrivateKey issuing_key);

  // Refuses CA-MATERIAL unless key, issuing certificate, root, trust domain and time fit together:
  // a leaf issued for the purpose must verify up to the root.
  [[nodiscard]] static Result<CertificateAuthority> open(TrustDomain trust_domain,
                                                         AuthorityMaterial material, TimePoint now);

  // `not_after_cap`: when the trust behind the certificate ends, where that is known.
  [[nodiscard]] Result<crypto::Certificate> issue_device(
      const DeviceId& device, const crypto::PublicKey& key, TimePoint now, Duration lifetime,
      std::optional<TimePoint> not_after_cap = std::nullopt) const;
  [[nodiscard]] Result<crypto::Certificate> issue_operator(const OperatorId& operator_id,
                                                           const crypto::PublicKey& key,
                                                           TimePoint now, Duration lifetime) const;
  // Answers for the authority what OCSP asks; a new one is issued long before it ends.
  [[nodiscard]] Result<crypto::OcspResponder> make_ocsp_responder(TimePoint now,
                                                                  Duration lifetime) const;
  // What is revoked: `entries` are unexpired certificates of this authority.
  [[nodiscard]] Result<Bytes> revocation_list(
      const crypto::RevocationListProfile& profile,
      std::span<const crypto::RevokedCertificate> entries) const;
  // Certificates of devices name, from now on, where their revocation is told; see
  // crypto/revocation.h. Empty: nowhere.
  void tell_revocations_at(std::string url) { revocation_url_ = std::move(url); }
  [[nodiscard]] const std::string& revocation_url() const { return revocation_url_; }
  [[nodiscard]] Result<crypto::Certificate> issue_server(const ServerId& server,
                                                         const ServerNames& names,
                                                         const crypto::PublicKey& key,
                                                         TimePoint now, Duration lifetime) const;

  [[nodiscard]] const TrustDomain& trust_domain() const { return trust_domain_; }
  [[nodiscard]] const crypto::Certificate& root() const { return material_.root; }
  [[nodiscard]] const crypto::Certificate& issuing() const { return material_.issuing; }

 private:
  CertificateAuthority(TrustDomain trust_domain, AuthorityMaterial material)
      : trust_domain_(std::move(trust_domain)), material_(std::move(material)) {}

  [[nodiscard]] Result<crypto::Certificate> issue(crypto::CertificateProfile profile,
                                                  const crypto::PublicKey& key, TimePoint now,
                                                  TimePoint not_after) const;

  TrustDomain trust_domain_;
  AuthorityMaterial material_;
  std::string revocation_url_;
};

}  // namespace vedette::identity
