#include "server/clone_watch.h"

namespace vedette::server {

namespace {

Error alarm(std::string cause) {
  return {"ATT-CLONED", "two hold this device's identity at the same time", std::move(cause),
          "find out which one is genuine; 'vedette device reinstate' or 'revoke' it then"};
}

// One that does not say whose it is, is of this key if the device attested since it enrolled.
bool is_of_present_key(const attestation::AttestationState& last, const identity::Device& device) {
  if (!last.attestation_key) return last.at >= device.enrolled_at;
  return *last.attestation_key == crypto::sha256(device.attestation_key);
}

}  // namespace

std::optional<Error> CloneWatch::second_of(const DeviceId& device,
                                           const platform::Connection& connection,
                                           TimePoint asked_at) const {
  const std::scoped_lock lock(mutex_);
  const auto found = youngest_.find(device);
  if (found == youngest_.end()) return std::nullopt;
  const Youngest& youngest = found->second;
  if (connection.id >= youngest.connection || asked_at < youngest.since) return std::nullopt;
  return alarm("it attests from " + connection.peer_address +
               " over a connection that is older than " + "the one that it attested over from " +
               youngest.address + " at " + to_rfc3339(youngest.since));
}

void CloneWatch::attested(const DeviceId& device, const platform::Connection& connection,
                          TimePoint now) {
  const std::scoped_lock lock(mutex_);
  Youngest& youngest = youngest_[device];
  if (connection.id <= youngest.connection) return;
  youngest = {connection.id, connection.peer_address, now};
}

std::optional<Error> clone_by_clock(const Error& refusal, const identity::Device& device,
                                    const std::optional<attestation::AttestationState>& last,
                                    TimePoint asked_at) {
  if (refusal.code != "ATT-CLOCK" || !last) return std::nullopt;
  if (asked_at <= last->at || !is_of_present_key(*last, device)) return std::nullopt;
  return alarm(describe(refusal));
}

Result<void> quarantine_clone(platform::UnitOfWork& unit, const identity::Device& device,
                              const Error& alarm, Matter& matter, TimePoint now) {
  const auto held = with_status(device, identity::DeviceStatus::quarantined, describe(alarm), now);
  matter.kind = "clone-alarm";
  matter.details.set("cause", alarm.cause).set("epoch", held.epoch.value);
  return unit.devices().save(held);
}

}  // namespace vedette::server
