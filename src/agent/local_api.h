// LocalApi: the Open Inference Protocol v2 for the applications on this device.
#pragma once

#include <chrono>
#include <functional>

#include "agent/api_refusal.h"
#include "agent/local_access.h"
#include "agent/model_caller.h"
#include "agent/serving.h"
#include "agent/trust_state.h"
#include "codec/json.h"
#include "inference/api/route.h"
#include "platform/net/http.h"
#include "policy/local_caller.h"

namespace vedette::agent {

// Serves `/v2...` and `/vedette/status` to those whom the policy names. A model answers only while
// the device's verdict lasts: the check is made before the inference and again before its answer
// leaves. docs/inference-api.md has paths, codes and statuses.
class LocalApi final : public platform::HttpHandler {
 public:
  struct Parts {
    const TrustState& trust;
    const ServingTable& serving;
    ModelCaller& models;
    InferenceWitness& witness;
    policy::LocalPolicy policy;
    std::function<codec::Json()> status;  // for /vedette/status
    std::chrono::milliseconds deadline;   // of one inference; a caller may shorten it
    RetryAfter retry_after;               // may be empty
  };

  explicit LocalApi(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] platform::HttpResponse handle(const platform::Connection& connection,
                                              const platform::HttpRequest& request) override;

 private:
  using Answer = Result<platform::HttpResponse>;

  [[nodiscard]] Answer answer(const LocalAccess& access,
                              const platform::HttpRequest& request) const;
  [[nodiscard]] Answer server_ready() const;
  [[nodiscard]] Answer repository_index(const LocalAccess& access) const;
  [[nodiscard]] Answer model_metadata(const LocalAccess& access,
                                      const inference::Route& route) const;
  [[nodiscard]] Answer model_ready(const LocalAccess& access, const inference::Route& route) const;
  [[nodiscard]] Answer infer(const LocalAccess& access, const inference::Route& route,
                             const platform::HttpRequest& http) const;
  [[nodiscard]] Result<std::shared_ptr<ServedModel>> find(const inference::Route& route) const;

  Parts parts_;
};

}  // namespace vedette::agent
