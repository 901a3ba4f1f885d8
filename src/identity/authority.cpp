#include "identity/authority.h"

#include <algorithm>

#include "identity/rollover.h"

namespace vedette::identity {
namespace {

using crypto::Certificate;
using crypto::CertificateKind;
using crypto::CertificateProfile;
using crypto::PrivateKey;
using crypto::PublicKey;

std::unexpected<Error> refuse_material(std::string cause) {
  return refuse("CA-MATERIAL", "the certificate authority's keys and certificates do not fit",
                std::move(cause), "restore the authority's folder from its backup");
}

Result<void> check_material(const AuthorityMaterial& material) {
  if (!material.root.is_ca() || !material.issuing.is_ca())
    return refuse_material("a certificate is not that of an authority");
  VEDETTE_TRY(const PublicKey certified, material.issuing.public_key());
  if (!(certified == material.issuing_key.public_key()))
    return refuse_material("the issuing certificate is for another key");
  return {};
}

// Does what a peer will do: build the path from a leaf to the root.
Result<void> check_chain(const CertificateAuthority& authority, TimePoint now) {
  VEDETTE_TRY(const OperatorId probe, OperatorId::parse("probe"));
  const PrivateKey key = PrivateKey::generate_p256();
  const auto leaf =
      authority.issue_operator(probe, key.public_key(), now, std::chrono::seconds(60));
  if (!leaf) return refuse_material(describe(leaf.error()));
  const auto verified =
      verify_chain(*leaf, std::span(&authority.issuing(), 1), std::span(&authority.root(), 1), now,
                   crypto::Purpose::tls_client);
  if (!verified) return refuse_material(describe(verified.error()));
  return {};
}

}  // namespace

Result<NewAuthority> CertificateAuthority::create(const TrustDomain& trust_domain, TimePoint now) {
  return create(trust_domain, now, PrivateKey::generate_p256());
}

Result<NewAuthority> CertificateAuthority::create(const TrustDomain& trust_domain, TimePoint now,
                                                  PrivateKey issuing_key) {
  PrivateKey root_key = PrivateKey::generate_p256();
  VEDETTE_TRY(Certificate root, issue_root_certificate(root_key, now));
  VEDETTE_TRY(Certificate issuing, issue_issuing_certificate(trust_domain, issuing_key.public_key(),
                                                             root, root_key, now));
  return NewAuthority{
      AuthorityMaterial{std::move(root), std::move(issuing), std::move(issuing_key)},
      std::move(root_key)};
}

Result<CertificateAuthority> CertificateAuthority::open(TrustDomain trust_domain,
                                                        AuthorityMaterial material, TimePoint now) {
  VEDETTE_CHECK(check_material(material));
  CertificateAuthority authority(std::move(trust_domain), std::move(material));
  VEDETTE_CHECK(check_chain(authority, now));
  return authority;
}

Result<Certificate> CertificateAuthority::issue(CertificateProfile profile, const PublicKey& key,
                                                TimePoint now, TimePoint not_after) const {
  if (key.type() != crypto::KeyType::ec_p256)
    return refuse("CA-KEY", "certificates are issued for P-256 keys alone");
  // No organisation: a renewal repeats the subject, and a device knows its own name alone.
  profile.not_before = std::max(now - kBackdating, material_.issuing.not_before());
  profile.not_after = std::min(not_after, material_.issuing.not_after());
  if (profile.not_after <= now)
    return refuse("CA-LIFETIME", "the certificate would end before it begins",
                  "until " + to_rfc3339(profile.not_after) + ", now " + to_rfc3339(now),
                  "check whether the issuing certificate has expired");
  return issue_certificate(profile, key, material_.issuing, material_.issuing_key);
}

Result<Certificate> CertificateAuthority::issue_device(
    const DeviceId& device, const PublicKey& key, TimePoint now, Duration lifetime,
    std::optional<TimePoint> not_after_cap) const {
  CertificateProfile profile;
  profile.kind = CertificateKind::client;
  profile.common_name = device.str();
  profile.uri_name = SpiffeId(trust_domain_, device).str();
  profile.revocation_url = revocation_url_;
  const TimePoint wished = now + lifetime;
  return issue(std::move(profile), key, now, std::min(wished, not_after_cap.value_or(wished)));
}

Result<Certificate> CertificateAuthority::issue_operator(const OperatorId& operator_id,
                                                         const PublicKey& key, TimePoint now,
                                                         Duration lifetime) const {
  CertificateProfile profile;
  profile.kind = CertificateKind::client;
  profile.common_name = operator_id.str();
  profile.uri_name = SpiffeId(trust_domain_, operator_id).str();
  return issue(std::move(profile), key, now, now + lifetime);
}

Result<crypto::OcspResponder> CertificateAuthority::make_ocsp_responder(TimePoint now,
                                                                        Duration lifetime) const {
  CertificateProfile profile;
  profile.kind = CertificateKind::ocsp_responder;
  profile.common_name = "Vedette OCSP responder";
  PrivateKey key = PrivateKey::generate_p256();
  VEDETTE_TRY(Certificate certificate,
              issue(std::move(profile), key.public_key(), now, now + lifetime));
  return crypto::OcspResponder{material_.issuing, std::move(certificate), std::move(key)};
}

Result<Bytes> CertificateAuthority::revocation_list(
    const crypto::RevocationListProfile& profile,
    std::span<const crypto::RevokedCertificate> entries) const {
  return crypto::make_revocation_list(profile, entries, material_.issuing, material_.issuing_key);
}

Result<Certificate> CertificateAuthority::issue_server(const ServerId& server,
                                                       const ServerNames& names,
                                                       const PublicKey& key, TimePoint now,
                                                       Duration lifetime) const {
  CertificateProfile profile;
  profile.kind = CertificateKind::server;
  profile.common_name = server.str();
  profile.uri_name = SpiffeId(trust_domain_, server).str();
  profile.dns_names = names.dns_names;
  profile.ip_addresses = names.ip_addresses;
  return issue(std::move(profile), key, now, now + lifetime);
}

}  // namespace vedette::identity
