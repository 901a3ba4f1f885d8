#include "identity/peer.h"

namespace vedette::identity {
namespace {

std::unexpected<Error> refuse_kind(const std::string& wanted, const std::string& name) {
  return refuse("PEER-KIND", "the certificate is not that of " + wanted, name);
}

// RFC 5280, 4.1.2.5: both ends belong to the validity.
Result<void> check_validity(const crypto::Certificate& certificate, TimePoint now) {
  if (now < certificate.not_before())
    return refuse("PEER-NOT-YET-VALID", "the certificate is not valid yet",
                  "valid from " + to_rfc3339(certificate.not_before()) + ", now " + to_rfc3339(now),
                  "check the clocks of both machines");
  if (std::chrono::floor<std::chrono::seconds>(now) > certificate.not_after())
    return refuse("PEER-EXPIRED", "the certificate has expired",
                  "valid until " + to_rfc3339(certificate.not_after()) + ", now " + to_rfc3339(now),
                  "renew it, or enrol again");
  return {};
}

// SPIFFE X.509-SVID, 4.1; DNS and other names beside the URI are refused too, since URI name
// constraints of the issuing CA do not cover them.
Result<SpiffeId> only_name(const crypto::Certificate& certificate) {
  const auto uris = certificate.uri_names();
  if (uris.size() != 1 || certificate.alternative_name_count() != 1)
    return refuse("PEER-SAN", "the certificate must have one URI and no other alternative name",
                  std::to_string(uris.size()) + " of " +
                      std::to_string(certificate.alternative_name_count()) + " names are URIs");
  return SpiffeId::parse(uris.front());
}

}  // namespace

PrincipalKind PeerIdentity::kind() const {
  return std::holds_alternative<DeviceId>(who_) ? PrincipalKind::device : PrincipalKind::operator_;
}

Result<DeviceId> PeerIdentity::device() const {
  if (const auto* device = std::get_if<DeviceId>(&who_)) return *device;
  return refuse_kind("a device", name());
}

Result<OperatorId> PeerIdentity::operator_id() const {
  if (const auto* id = std::get_if<OperatorId>(&who_)) return *id;
  return refuse_kind("an operator", name());
}

const std::string& PeerIdentity::name() const {
  if (const auto* device = std::get_if<DeviceId>(&who_)) return device->str();
  return std::get<OperatorId>(who_).str();
}

Result<PeerIdentity> identify_peer(const crypto::Certificate& certificate,
                                   const TrustDomain& trust_domain, TimePoint now) {
  if (certificate.is_ca())
    return refuse("PEER-CA", "a certificate authority's certificate cannot stand for a peer",
                  certificate.subject());
  VEDETTE_CHECK(check_validity(certificate, now));
  VEDETTE_TRY(const SpiffeId id, only_name(certificate));
  if (id.trust_domain() != trust_domain)
    return refuse("PEER-TRUST-DOMAIN", "the certificate is from another trust domain",
                  id.trust_domain().str() + " instead of " + trust_domain.str());
  switch (id.kind()) {
    case PrincipalKind::device: {
      VEDETTE_TRY(DeviceId device, DeviceId::parse(id.name()));
      return PeerIdentity(std::move(device), certificate.fingerprint());
    }
    case PrincipalKind::operator_: {
      VEDETTE_TRY(OperatorId operator_id, OperatorId::parse(id.name()));
      return PeerIdentity(std::move(operator_id), certificate.fingerprint());
    }
    case PrincipalKind::server:
      break;
  }
  return refuse_kind("a device or an operator", id.str());
}

}  // namespace vedette::identity
