// Device: what the control plane remembers of one device's identity.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "crypto/endorsement.h"
#include "identity/key_statement.h"

namespace vedette::identity {

// quarantined and revoked devices get nothing; a quarantined one may be reinstated.
enum class DeviceStatus { active, quarantined, revoked };

// The word for it on the wire, in the store and in policies.
[[nodiscard]] constexpr std::string_view to_string(DeviceStatus status) {
  switch (status) {
    case DeviceStatus::active:
      return "active";
    case DeviceStatus::quarantined:
      return "quarantined";
    case DeviceStatus::revoked:
      return "revoked";
  }
  std::unreachable();
}

struct Device {
  DeviceId id;
  GroupId group;
  DeviceStatus status = DeviceStatus::active;
  Epoch epoch;                                // raised whenever trust is withdrawn
  crypto::Sha256Digest endorsement_sha256{};  // of the EK's TPMT_PUBLIC
  Bytes attestation_key;                      // TPMT_PUBLIC of the AK proven to share the EK's TPM
  crypto::Sha256Digest device_key_sha256{};   // of the device key's SubjectPublicKeyInfo
  TimePoint enrolled_at;
  TimePoint status_since;         // of the last change of status, or of the enrolment
  std::string status_reason;      // why it was revoked or quarantined; empty while active
  std::optional<SkuId> sku = {};  // by the rule that first admitted it, or an operator's decision
  KeyKind key_kind = KeyKind::tpm;
  // The boot whose software named the key, until an attestation of that boot was accepted; never of
  // a key in the TPM.
  std::optional<TpmBoot> vouched_in = {};
  // Since when the device key is the present one: what was issued before is superseded, be it for
  // the same key, which then was away meanwhile. 1970 for records from before it was kept.
  TimePoint key_since = {};
  // SHA-256 of the maker's root by which the TPM was admitted when it last enrolled; none where the
  // allow-list did.
  std::optional<crypto::Sha256Digest> maker_root = {};
};

// The record with another status from `now` on, for a reason unless it is active. Whatever changes
// a status raises the epoch: what was issued or judged before is over.
[[nodiscard]] inline Device with_status(Device device, DeviceStatus status,
                                        const std::string& reason, TimePoint now) {
  device.status = status;
  device.status_since = now;
  device.status_reason = status == DeviceStatus::active ? std::string() : reason;
  ++device.epoch.value;
  return device;
}

class DeviceRegistry {
 public:
  DeviceRegistry() = default;
  DeviceRegistry(const DeviceRegistry&) = delete;
  DeviceRegistry& operator=(const DeviceRegistry&) = delete;
  virtual ~DeviceRegistry() = default;

  [[nodiscard]] virtual Result<std::optional<Device>> find(const DeviceId& id) = 0;
  [[nodiscard]] virtual Result<std::optional<Device>> find_by_endorsement(
      const crypto::Sha256Digest& endorsement_sha256) = 0;
  [[nodiscard]] virtual Result<std::vector<Device>> list() = 0;  // by id
  // How many of the group this maker's root admitted, who are neither revoked nor on the
  // allow-list.
  [[nodiscard]] virtual Result<std::uint64_t> count_admitted_by(
      const GroupId& group, const crypto::Sha256Digest& maker_root) = 0;
  [[nodiscard]] virtual Result<void> save(const Device& device) = 0;  // inserts or replaces
};

// Who may enrol. An entry names one TPM by its EK; a root admits every TPM of one maker.
struct AllowedEndorsement {
  crypto::Sha256Digest endorsement_sha256{};
  DeviceId device;
  GroupId group;
  std::optional<SkuId> sku = {};  // of the device when it first enrols
  KeyKinds keys = {};             // where its key may live
};

struct EndorsementRoot {
  GroupId group;  // where devices go that this root admits
  Bytes certificate_der;
  std::optional<SkuId> sku = {};                // of these devices when they first enrol
  crypto::EndorsementTolerance tolerance = {};  // of what leads to this root alone
  KeyKinds keys = {};                           // where the keys of these devices may live
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
  // Takes every TPM off that was allowed by this name; says how many there were.
  [[nodiscard]] virtual Result<std::uint64_t> disallow(const DeviceId& device) = 0;
  [[nodiscard]] virtual Result<std::vector<EndorsementRoot>> roots() = 0;
  // A root that is there already for the group gets the SKU that is told now.
  [[nodiscard]] virtual Result<void> add_root(const EndorsementRoot& root) = 0;
  // Takes it away from this group; says whether it was there.
  [[nodiscard]] virtual Result<bool> remove_root(const GroupId& group,
                                                 const Bytes& certificate_der) = 0;
};

}  // namespace vedette::identity
