// OperatorService: what operators see and steer.
#pragma once

#include <functional>

#include "base/error.h"
#include "identity/device.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

class OperatorService {
 public:
  // Closes the live connections of a device; returns how many there were.
  using Disconnect = std::function<std::size_t(const DeviceId&)>;

  OperatorService(platform::Store& store, Chronicle& chronicle, std::string trust_domain,
                  Disconnect disconnect)
      : store_(store),
        chronicle_(chronicle),
        trust_domain_(std::move(trust_domain)),
        disconnect_(std::move(disconnect)) {}

  [[nodiscard]] Result<platform::HttpResponse> status(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> list_devices(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> allow_device(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> add_endorsement_root(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> revoke(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> quarantine(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> reinstate(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> show_reference(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> set_reference(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> learn_reference(const Call& call);

 private:
  [[nodiscard]] Result<platform::HttpResponse> change_status(const Call& call, const char* kind,
                                                             identity::DeviceStatus to);

  platform::Store& store_;
  Chronicle& chronicle_;
  std::string trust_domain_;
  Disconnect disconnect_;
};

}  // namespace vedette::server
