// LocalApi: the Open Inference Protocol v2 for the applications on this device.
#pragma once

#include <functional>

#include "agent/serving.h"
#include "agent/trust_state.h"
#include "codec/json.h"
#include "platform/net/http.h"

namespace vedette::agent {

// Serves `/v2...` and `/vedette/status`. A model answers only while the device's verdict lasts: the
// check is made before the inference and again before its answer leaves.
class LocalApi final : public platform::HttpHandler {
 public:
  struct Parts {
    const TrustState& trust;
    const ServingTable& serving;
    InferenceWitness& witness;
    std::function<codec::Json()> status;  // for /vedette/status
  };

  explicit LocalApi(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] platform::HttpResponse handle(const platform::Connection& connection,
                                              const platform::HttpRequest& request) override;

 private:
  [[nodiscard]] Result<platform::HttpResponse> get(std::string_view path) const;
  [[nodiscard]] Result<platform::HttpResponse> get_model(std::string_view rest) const;
  [[nodiscard]] Result<platform::HttpResponse> infer(std::string_view name, ByteView body) const;

  Parts parts_;
};

}  // namespace vedette::agent
