// ReferenceService: what operators hold a group's devices to, or those of one SKU in it, and why a
// device is not so.
#pragma once

#include "attestation/appraisal/learning.h"
#include "base/error.h"
#include "identity/device.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/manifest_import.h"
#include "server/reference_cache.h"
#include "server/route.h"

namespace vedette::server {

struct ReferenceSettings {
  std::uint8_t runtime_register;
  ManifestRules manifests;
};

// Where the policy wants two operators for a change, it is a proposal until another one approves
// it.
class ReferenceService {
 public:
  ReferenceService(platform::Store& store, Chronicle& chronicle, const Clock& clock,
                   ReferenceCache& references, ReferenceSettings settings)
      : store_(store),
        chronicle_(chronicle),
        clock_(clock),
        references_(references),
        settings_(std::move(settings)) {}

  [[nodiscard]] Result<platform::HttpResponse> show(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> set(const Call& call);
  // From a device's last verified quote and its logs: instead of what was accepted, or beside it.
  // The device must be held to the set that is changed, or be of the SKU that gets its first: else
  // REF-GROUP and REF-SKU.
  [[nodiscard]] Result<platform::HttpResponse> learn(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> accept(const Call& call);
  // From a signed manifest: its values of registers for one environment, beside what was accepted.
  [[nodiscard]] Result<platform::HttpResponse> import_manifest(const Call& call);
  // The proposal that waits for the target, and its approval by a second person. Refuses
  // REF-PROPOSAL and REF-SECOND-PERSON.
  [[nodiscard]] Result<platform::HttpResponse> show_proposal(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> approve(const Call& call);

  // What changed since the device was last accepted, what of it is not accepted, who else changed
  // alike, and the command that would accept it.
  [[nodiscard]] Result<platform::HttpResponse> explain(const Call& call);

 private:
  // Of the target's present set and the one that the device is held to, each null for none.
  using Compose = Result<codec::Json> (*)(const codec::Json* present, const codec::Json* held_to,
                                          const attestation::Witness& witness);
  [[nodiscard]] Result<platform::HttpResponse> take_from_device(const Call& call, Compose compose);
  // `origin`, an object: where the set was taken from. The name of the proposal, empty where none
  // was needed.
  [[nodiscard]] Result<std::string> put_in_force(platform::UnitOfWork& unit, const Call& call,
                                                 const attestation::ReferenceTarget& target,
                                                 const codec::Json& set, const codec::Json& origin,
                                                 Matter& matter) const;
  [[nodiscard]] Result<attestation::AttestationState> state_of(platform::UnitOfWork& unit,
                                                               const DeviceId& device) const;
  [[nodiscard]] Result<attestation::Witness> witness_of(
      platform::UnitOfWork& unit, const DeviceId& device,
      const attestation::AttestationState& state) const;
  [[nodiscard]] Result<codec::Json> explanation_of(platform::UnitOfWork& unit,
                                                   const identity::Device& device);

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
  ReferenceCache& references_;
  ReferenceSettings settings_;
};

}  // namespace vedette::server
