#include "identity/issued_certificate.h"

#include "identity/authority.h"

namespace vedette::identity {

using crypto::CertificateStanding;
using crypto::RevocationReason;

namespace {

TimePoint since_of_key(const Device& device) {
  return device.key_since == TimePoint{} ? device.enrolled_at : device.key_since;
}

}  // namespace

Result<IssuedCertificate> issued(const DeviceId& device, const crypto::Certificate& certificate,
                                 TimePoint now) {
  return IssuedCertificate{.device = device,
                           .serial_hex = certificate.serial_hex(),
                           .key_sha256 = certificate.spki_sha256(),
                           .issued_at = now,
                           .not_after = certificate.not_after(),
                           .der = certificate.der()};
}

CertificateStanding standing_of(const IssuedCertificate& certificate, const Device& device) {
  using Kind = CertificateStanding::Kind;
  const auto revoked = [](TimePoint at, RevocationReason reason) {
    return CertificateStanding{Kind::revoked, {at, reason}};
  };
  if (certificate.key_sha256 != device.device_key_sha256 ||
      certificate.issued_at < device.key_since || certificate.superseded_at)
    return revoked(certificate.superseded_at.value_or(since_of_key(device)),
                   RevocationReason::superseded);
  switch (device.status) {
    case DeviceStatus::revoked:
      return revoked(device.status_since, RevocationReason::privilege_withdrawn);
    case DeviceStatus::quarantined:
      return revoked(device.status_since, RevocationReason::certificate_hold);
    case DeviceStatus::active:
      break;
  }
  return {Kind::good, {}};
}

bool is_from_before_key(const crypto::Certificate& certificate, const Device& device) {
  constexpr std::chrono::seconds kCut{1};  // dates are of whole seconds
  return certificate.not_before() + kBackdating + kCut <= device.key_since;
}

bool answers_a_retry(const IssuedCertificate& latest, const Device& device,
                     const std::optional<std::string>& presented_serial, TimePoint now) {
  if (latest.device != device.id ||
      standing_of(latest, device).kind != CertificateStanding::Kind::good)
    return false;
  if (presented_serial && latest.serial_hex == *presented_serial) return false;
  if (latest.issued_at < device.status_since) return false;  // from before trust was withdrawn
  return latest.not_after - now >= (latest.not_after - latest.issued_at) / 2;
}

}  // namespace vedette::identity
