// Gate: what stands between a listener and its services. Who calls, may they, and only then what
// for.
#pragma once

#include <vector>

#include "base/clock.h"
#include "platform/net/http.h"
#include "policy/policy.h"
#include "server/caller.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

// What a gate goes by; all of it outlives the gate.
struct Entrance {
  const policy::Policy& policy;
  const CallerJudge& judge;
  platform::Store& store;
  Chronicle& chronicle;
  const Clock& clock;
};

// Handles the requests of one listener by its table of routes. A refusal of who calls or of what
// they may is written to the log, with the rules that decided, when the caller holds a certificate
// of ours; strangers cannot fill it.
class Gate final : public platform::HttpHandler {
 public:
  Gate(std::vector<Route> routes, const Entrance& entrance)
      : routes_(std::move(routes)), entrance_(entrance) {}

  [[nodiscard]] platform::HttpResponse handle(const platform::Connection& connection,
                                              const platform::HttpRequest& request) override;

 private:
  [[nodiscard]] Result<platform::HttpResponse> pass(const platform::Connection& connection,
                                                    const platform::HttpRequest& request);
  [[nodiscard]] Result<platform::HttpResponse> admit(const platform::Connection& connection,
                                                     const platform::HttpRequest& request,
                                                     RouteMatch match, const Caller& caller);
  [[nodiscard]] std::unexpected<Error> refused(const platform::Connection& connection,
                                               const Route& route, const std::string& rule,
                                               Error error);

  std::vector<Route> routes_;
  Entrance entrance_;
};

}  // namespace vedette::server
