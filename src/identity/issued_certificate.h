// What the authority has issued to devices, and which of it does not hold any more.
//
// No certificate is marked as revoked: whether it holds follows from its device's record, so that
// nothing which changes a device can forget its certificates.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/revocation.h"
#include "identity/device.h"

namespace vedette::identity {

struct IssuedCertificate {
  DeviceId device;
  std::string serial_hex;
  crypto::Sha256Digest key_sha256{};  // of its SubjectPublicKeyInfo
  TimePoint issued_at;
  TimePoint not_after;
  Bytes der;
  // When the device was first issued a certificate for another key after this one. Told by the
  // registry, and ignored by add().
  std::optional<TimePoint> superseded_at = {};
};

[[nodiscard]] Result<IssuedCertificate> issued(const DeviceId& device,
                                               const crypto::Certificate& certificate,
                                               TimePoint now);

// How an unexpired certificate stands while its device is as `device` says: superseded by an
// enrolment with another key, for good, and from the same moment on whatever happens to the device
// later; else revoked with the device (for good: privilegeWithdrawn; in quarantine:
// certificateHold).
[[nodiscard]] crypto::CertificateStanding standing_of(const IssuedCertificate& certificate,
                                                      const Device& device);

// Whether a certificate of this authority is from before the device's present key, by its own
// dates: for those who have not its record.
[[nodiscard]] bool is_from_before_key(const crypto::Certificate& certificate, const Device& device);

// Whether a device that asks again for the same key, as after an answer that was lost, gets
// `latest` again: while at least half of its life is left, unless the device's status changed
// since. `presented_serial`: of the certificate that it renews, which `latest` must follow.
[[nodiscard]] bool answers_a_retry(const IssuedCertificate& latest, const Device& device,
                                   const std::optional<std::string>& presented_serial,
                                   TimePoint now);

class CertificateRegistry {
 public:
  CertificateRegistry() = default;
  CertificateRegistry(const CertificateRegistry&) = delete;
  CertificateRegistry& operator=(const CertificateRegistry&) = delete;
  virtual ~CertificateRegistry() = default;

  // Refuses STORE-CONFLICT for a serial number that was issued already. Forgets some certificates
  // that expired more than a day ago.
  [[nodiscard]] virtual Result<void> add(const IssuedCertificate& certificate) = 0;
  [[nodiscard]] virtual Result<std::optional<IssuedCertificate>> find(
      const std::string& serial_hex) = 0;
  // The youngest for this device and key.
  [[nodiscard]] virtual Result<std::optional<IssuedCertificate>> latest(
      const DeviceId& device, const crypto::Sha256Digest& key_sha256) = 0;
  // Those that have not expired and may not stand, with their devices: not active, of another key
  // now, or from before the present key.
  [[nodiscard]] virtual Result<std::vector<std::pair<IssuedCertificate, Device>>> in_doubt(
      TimePoint now) = 0;
};

}  // namespace vedette::identity
