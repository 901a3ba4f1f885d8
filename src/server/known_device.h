// The device that an operator's request is about.
#pragma once

#include "base/error.h"
#include "identity/device.h"
#include "platform/store/store.h"

namespace vedette::server {

// Refuses HTTP-NOT-FOUND, and what the store refuses.
[[nodiscard]] Result<identity::Device> known_device(platform::UnitOfWork& unit, const DeviceId& id);

}  // namespace vedette::server
