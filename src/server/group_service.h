// GroupService: what is done to all devices of a group at once.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "identity/device.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

class GroupService {
 public:
  // Closes the live connections of a device; returns how many there were.
  using Disconnect = std::function<std::size_t(std::span<const DeviceId>)>;

  GroupService(platform::Store& store, Chronicle& chronicle, const Clock& clock,
               Disconnect disconnect)
      : store_(store), chronicle_(chronicle), clock_(clock), disconnect_(std::move(disconnect)) {}

  // Revokes every device of the group that is not revoked yet, or has that wait for a second
  // operator where the policy wants two. Refuses HTTP-REASON.
  [[nodiscard]] Result<platform::HttpResponse> revoke(const Call& call);
  // The proposal that waits, and its approval: of the devices that are in the group by then.
  // Refuses DEV-PROPOSAL and DEV-SECOND-PERSON.
  [[nodiscard]] Result<platform::HttpResponse> show_proposal(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> approve(const Call& call);

 private:
  // In one transaction, with an entry for each device beside the group's own.
  [[nodiscard]] Result<std::vector<DeviceId>> revoke_all(platform::UnitOfWork& unit,
                                                         const Call& call, const GroupId& group,
                                                         const std::string& reason,
                                                         Matter& matter) const;
  [[nodiscard]] platform::HttpResponse closed(const std::vector<DeviceId>& devices) const;

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
  Disconnect disconnect_;
};

}  // namespace vedette::server
