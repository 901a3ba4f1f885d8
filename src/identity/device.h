// Device: what the control plane remembers of one device's identity.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"

namespace vedette::identity {

// quarantined and revoked devices get nothing; a quarantined one may be reinstated.
enum class DeviceStatus { active, quarantined, revoked };

struct Device {
  DeviceId id;
  GroupId group;
  DeviceStatus status = DeviceStatus::active;
  Epoch epoch;                                // raised whenever trust is withdrawn
  crypto::Sha256Digest endorsement_sha256{};  // of the EK's TPMT_PUBLIC
  Bytes attestation_key;                      // TPMT_PUBLIC of the AK proven to share the EK's TPM
  crypto::Sha256Digest device_key_sha256{};   // of the device key's SubjectPublicKeyInfo
  TimePoint enrolled_at;
  std::string status_reason;  // why it was revoked or quarantined; empty while active
};

class DeviceRegistry {
 public:
  DeviceRegistry() = default;
  DeviceRegistry(const DeviceRegistry&) = delete;
  DeviceRegistry& operator=(const DeviceRegistry&) = delete;
  virtual ~DeviceRegistry() = default;

  [[nodiscard]] virtual Result<std::optional<Device>> find(const DeviceId& id) = 0;
  [[nodiscard]] virtual Result<std::optional<Device>> find_by_endorsement(
      const crypto::Sha256Digest& endorsement_sha256) = 0;
  [[nodiscard]] virtual Result<std::vector<Device>> list() = 0;       // by id
  [[nodiscard]] virtual Result<void> save(const Device& device) = 0;  // inserts or replaces
};

// Who may enrol. An entry names one TPM by its EK; a root admits every TPM of one maker.
struct AllowedEndorsement {
  crypto::Sha256Digest endorsement_sha256{};
  DeviceId device;
  GroupId group;
};

struct EndorsementRoot {
  GroupId group;  // where devices go that this root admits
  Bytes certificate_der;
};

class EnrollmentRules {
 public:
  EnrollmentRules() = default;
  EnrollmentRules(const EnrollmentRules&) = delete;
  EnrollmentRules& operator=(const EnrollmentRules&) = delete;
  virtual ~EnrollmentRules() = default;

  [[nodiscard]] virtual Result<std::optional<AllowedEndorsement>> find(
      const crypto::Sha256Digest& endorsement_sha256) = 0;
  [[nodiscard]] virtual Result<std::vector<AllowedEndorsement>> list() = 0;
  [[nodiscard]] virtual Result<void> allow(const AllowedEndorsement& entry) = 0;
  [[nodiscard]] virtual Result<std::vector<EndorsementRoot>> roots() = 0;
  [[nodiscard]] virtual Result<void> add_root(const EndorsementRoot& root) = 0;
};

}  // namespace vedette::identity
