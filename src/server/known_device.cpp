#include "server/known_device.h"

#include <utility>

namespace vedette::server {

Result<identity::Device> known_device(platform::UnitOfWork& unit, const DeviceId& id) {
  VEDETTE_TRY(auto found, unit.devices().find(id));
  if (!found)
    return refuse("HTTP-NOT-FOUND", "there is no such device", id.str(),
                  "see `vedette device list`");
  return *std::move(found);
}

}  // namespace vedette::server
