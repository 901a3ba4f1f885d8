// Which models and contracts the control plane stands for, by digest.
#pragma once

#include "attestation/appraisal/finding.h"
#include "platform/store/store.h"

namespace vedette::server {

// Of all releases that are published and not blocked; read when first asked. Borrows the unit.
[[nodiscard]] attestation::IsPublished published_in(platform::UnitOfWork& unit);

}  // namespace vedette::server
