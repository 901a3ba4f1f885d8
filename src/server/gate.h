// Gate: what stands between a listener and its services. Who calls, may they, and only then what
// for.
#pragma once

#include <vector>

#include "base/clock.h"
#include "platform/net/http.h"
#include "server/caller.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

// Handles the requests of one listener by its table of routes. A refusal of who calls or of what
// they may is written to the log when the caller holds a certificate of ours; strangers cannot fill
// it.
class Gate final : public platform::HttpHandler {
 public:
  Gate(std::vector<Route> routes, const CallerJudge& judge, Chronicle& chronicle,
       const Clock& clock)
      : routes_(std::move(routes)), judge_(judge), chronicle_(chronicle), clock_(clock) {}

  [[nodiscard]] platform::HttpResponse handle(const platform::Connection& connection,
                                              const platform::HttpRequest& request) override;

 private:
  [[nodiscard]] Result<platform::HttpResponse> pass(const platform::Connection& connection,
                                                    const platform::HttpRequest& request);
  [[nodiscard]] Result<Caller> admit(const platform::Connection& connection,
                                     const platform::HttpRequest& request, policy::Action action);

  std::vector<Route> routes_;
  const CallerJudge& judge_;
  Chronicle& chronicle_;
  const Clock& clock_;
};

}  // namespace vedette::server
