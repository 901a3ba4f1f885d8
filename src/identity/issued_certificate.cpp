#include "identity/issued_certificate.h"

namespace vedette::identity {

using crypto::CertificateStanding;
using crypto::RevocationReason;

Result<IssuedCertificate> issued(const DeviceId& device, const crypto::Certificate& certificate,
                                 TimePoint now) {
  VEDETTE_TRY(const auto key, certificate.public_key());
  return IssuedCertificate{.device = device,
                           .serial_hex = certificate.serial_hex(),
                           .key_sha256 = key.spki_sha256(),
                           .issued_at = now,
                           .not_after = certificate.not_after(),
                           .der = certificate.der()};
}

CertificateStanding standing_of(const IssuedCertificate& certificate, const Device& device) {
  using Kind = CertificateStanding::Kind;
  const auto revoked = [](TimePoint at, RevocationReason reason) {
    return CertificateStanding{Kind::revoked, {at, reason}};
  };
  switch (device.status) {
    case DeviceStatus::revoked:
      return revoked(device.status_since, RevocationReason::privilege_withdrawn);
    case DeviceStatus::quarantined:
      return revoked(device.status_since, RevocationReason::certificate_hold);
    case DeviceStatus::active:
      break;
  }
  if (certificate.key_sha256 != device.device_key_sha256)
    return revoked(device.enrolled_at, RevocationReason::superseded);
  return {Kind::good, {}};
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
