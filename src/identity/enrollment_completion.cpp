// The end of an enrolment: the request for a certificate, and the device's record.
#include <algorithm>

#include "identity/enrollment.h"

namespace vedette::identity {
namespace {

using crypto::CertificateRequest;

bool names_only(const std::vector<std::string>& uris, std::size_t count, const SpiffeId& id) {
  return count == 1 && uris.size() == 1 && uris.front() == id.str();
}

std::unexpected<Error> refuse_names(const SpiffeId& expected) {
  return refuse("ENR-CSR-SAN", "the certification request asks for another name than its device's",
                "only " + expected.str() + " may be asked for");
}

std::unexpected<Error> refuse_key() {
  return refuse("ENR-CSR-KEY",
                "the certification request is for another key than the certified one", {},
                "send the request for the key that was stated for");
}

Result<void> check_known(const KnownDevices& known, const EnrollmentClaim& claim) {
  if (known.by_endorsement) {
    VEDETTE_CHECK(check_enrollable(*known.by_endorsement));
    if (known.by_endorsement->id != claim.device)
      return refuse("ENR-EK-TAKEN", "this TPM is already enrolled under another name",
                    known.by_endorsement->id.str());
  }
  if (known.by_id) {
    if (known.by_id->endorsement_sha256 != claim.endorsement_sha256)
      return refuse("ENR-ID-TAKEN", "another TPM is enrolled under this name", claim.device.str(),
                    "allow this TPM under a name of its own");
    VEDETTE_CHECK(check_enrollable(*known.by_id));
  }
  return {};
}

}  // namespace

Result<void> check_enrollable(const Device& device) {
  switch (device.status) {
    case DeviceStatus::active:
      return {};
    case DeviceStatus::quarantined:
      return refuse("ENR-QUARANTINED", "the device is quarantined", device.status_reason,
                    "run 'vedette device reinstate " + device.id.str() + "' once it is cleared");
    case DeviceStatus::revoked:
      return refuse("ENR-REVOKED", "the device is revoked", device.status_reason,
                    "a revoked device stays so; its TPM cannot enrol under any name");
  }
  return refuse("ENR-REVOKED", "the device's status is unknown", device.id.str());
}

namespace {

// An entry of the allow-list is an operator's word about this one TPM. A maker's root is none:
// which of its groups is found first must not take a device out of the one that it has.
const GroupId& group_of(const std::optional<Device>& existing, const EnrollmentClaim& claim) {
  return existing && claim.admission == Admission::endorsement_root ? existing->group : claim.group;
}

}  // namespace

Result<void> check_enrollment_csr(const CertificateRequest& request,
                                  const Verified<EnrollmentClaim>& claim,
                                  const SpiffeId& expected) {
  if (!(request.public_key == claim->device_key)) return refuse_key();
  if (request.alternative_name_count == 0) return {};
  if (!names_only(request.uri_names, request.alternative_name_count, expected))
    return refuse_names(expected);
  return {};
}

Result<void> check_reenrollment_csr(const CertificateRequest& request,
                                    const crypto::Certificate& current, const SpiffeId& expected) {
  if (!equal(request.subject_der, crypto::subject_der(current)))
    return refuse("ENR-CSR-SUBJECT", "a renewal must have the subject of the current certificate",
                  request.subject.substr(0, 200) + " instead of " + current.subject());
  if (!names_only(request.uri_names, request.alternative_name_count, expected) ||
      !names_only(current.uri_names(), current.alternative_name_count(), expected))
    return refuse_names(expected);
  if (request.public_key.spki_sha256() != current.spki_sha256()) return refuse_key();
  return {};
}

Result<void> check_renewable(const Device& device) {
  if (!device.vouched_in) return {};
  return refuse("ENR-KEY-UNVOUCHED", "no attestation has vouched for the device's key yet",
                std::string(to_string(device.key_kind)) +
                    " key, named in another boot or not "
                    "attested in its own",
                "attest in the boot of the enrolment, or enrol again");
}

Result<void> check_admitted(const Device& device, const std::optional<AllowedEndorsement>& allowed,
                            std::span<const EndorsementRoot> roots) {
  if (allowed && allowed->endorsement_sha256 == device.endorsement_sha256) return {};
  // Another group's operators decide about their devices alone.
  const auto admitted = [&](const EndorsementRoot& root) {
    return root.group == device.group && crypto::sha256(root.certificate_der) == *device.maker_root;
  };
  if (device.maker_root && std::ranges::any_of(roots, admitted)) return {};
  return refuse(
      "ENR-EK-UNKNOWN", "this device's TPM may not have certificates any more",
      "endorsement key " + to_hex(device.endorsement_sha256) +
          ": neither on the allow-list nor admitted by a maker's root that is configured for " +
          device.group.str(),
      "'vedette device allow' it again; if its maker's root admits it, let it enrol by "
      "its endorsement certificate: POST /v1/enrollments");
}

bool is_enrolled_already(const KnownDevices& known, const EnrollmentClaim& claim) {
  const auto& device = known.by_id;
  return device && device->status == DeviceStatus::active &&
         device->group == group_of(device, claim) &&
         device->endorsement_sha256 == claim.endorsement_sha256 &&
         device->attestation_key == claim.attestation_key.encoded &&
         device->device_key_sha256 == claim.device_key_sha256 &&
         device->key_kind == claim.key_kind && device->maker_root == claim.maker_root &&
         (!device->vouched_in || device->vouched_in == claim.vouched_in);
}

Result<Device> apply_enrollment(const KnownDevices& known, const Verified<EnrollmentClaim>& claim,
                                TimePoint now) {
  VEDETTE_CHECK(check_known(known, *claim));
  // Either record is this device's: both were compared with the claim.
  const auto& existing = known.by_id ? known.by_id : known.by_endorsement;
  const bool keeps_key = existing && existing->device_key_sha256 == claim->device_key_sha256;
  return Device{.id = claim->device,
                .group = group_of(existing, *claim),
                .status = DeviceStatus::active,
                .epoch = existing ? Epoch{existing->epoch.value + 1} : Epoch{0},
                .endorsement_sha256 = claim->endorsement_sha256,
                .attestation_key = claim->attestation_key.encoded,
                .device_key_sha256 = claim->device_key_sha256,
                .enrolled_at = now,
                .status_since = now,
                .status_reason = {},
                .sku = existing ? existing->sku : claim->sku,
                .key_kind = claim->key_kind,
                .vouched_in = claim->vouched_in,
                .key_since = keeps_key ? existing->key_since : now,
                .maker_root = claim->maker_root};
}

}  // namespace vedette::identity
