#include "server/reference_cache.h"

namespace vedette::server {

using attestation::ReferenceSet;
using attestation::ReferenceTarget;

Result<ReferenceTarget> held_to(platform::UnitOfWork& unit, const identity::Device& device) {
  if (device.sku) {
    ReferenceTarget own{.group = device.group, .sku = device.sku};
    VEDETTE_TRY(const auto current, unit.references().current(own));
    if (current) return own;
  }
  return ReferenceTarget{.group = device.group};
}

Result<std::shared_ptr<const ReferenceSet>> ReferenceCache::find(platform::UnitOfWork& unit,
                                                                 const identity::Device& device) {
  VEDETTE_TRY(const ReferenceTarget target, held_to(unit, device));
  VEDETTE_TRY(const auto current, unit.references().current(target));
  if (!current) return nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(target);
    if (found != entries_.end() && found->second.id == *current) return found->second.set;
  }
  VEDETTE_TRY(const auto stored, unit.references().find(target));
  if (!stored) return nullptr;
  VEDETTE_TRY(ReferenceSet set, attestation::read_reference_set(stored->text));
  auto shared = std::make_shared<const ReferenceSet>(std::move(set));
  const std::scoped_lock lock(mutex_);
  entries_.insert_or_assign(target, Entry{stored->id, shared});
  return shared;
}

}  // namespace vedette::server
