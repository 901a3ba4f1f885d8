// OperatorService: what operators see and steer.
#pragma once

#include <functional>

#include "base/error.h"
#include "codec/json.h"
#include "identity/device.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

class OperatorService {
 public:
  // Closes the live connections of a device; returns how many there were.
  using Disconnect = std::function<std::size_t(const DeviceId&)>;

  OperatorService(platform::Store& store, Chronicle& chronicle, const Clock& clock,
                  std::string trust_domain, Disconnect disconnect,
                  std::function<codec::Json()> tuf_status)
      : store_(store),
        chronicle_(chronicle),
        clock_(clock),
        trust_domain_(std::move(trust_domain)),
        disconnect_(std::move(disconnect)),
        tuf_status_(std::move(tuf_status)) {}

  [[nodiscard]] Result<platform::HttpResponse> status(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> list_devices(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> allow_device(const Call& call);
  // Tells how many TPMs the allow-list had by this name, and whether a maker's root still admits
  // one of them. Refuses DEV-NOT-ALLOWED.
  [[nodiscard]] Result<platform::HttpResponse> disallow_device(const Call& call);
  // A token for one TPM to enrol by, once; told in this answer and never again.
  [[nodiscard]] Result<platform::HttpResponse> make_enrollment_token(const Call& call);
  // Which hardware model a device is, and so which reference values it is held to.
  [[nodiscard]] Result<platform::HttpResponse> set_sku(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> revoke(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> quarantine(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> reinstate(const Call& call);

 private:
  [[nodiscard]] Result<platform::HttpResponse> change_status(const Call& call, const char* kind,
                                                             identity::DeviceStatus to);

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
  std::string trust_domain_;
  Disconnect disconnect_;
  std::function<codec::Json()> tuf_status_;  // null: no repository is served
};

}  // namespace vedette::server
