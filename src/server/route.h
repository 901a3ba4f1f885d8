// Route: which method and path leads where, as a table that a listener is made of.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/net/http.h"
#include "policy/policy.h"
#include "server/caller.h"
#include "server/resource.h"

namespace vedette::server {

// One request on its way to its handler.
struct Call {
  const platform::Connection& connection;
  const platform::HttpRequest& request;
  const Caller& caller;
  const policy::Policy& policy;
  policy::Request asked;     // what the policy was asked; of the caller, the request and `resource`
  const Resource& resource;  // as far as the policy asks about it
  std::string rule;          // the rules that allowed it
  // Where the caller alone may not, and two operators may: the rules in the way. What is asked for
  // is then a proposal.
  std::optional<std::string> waits_for;
  std::vector<std::string> arguments;  // what stood at each `{}` of the pattern
  std::map<std::string, std::string> query;
};

using Handler = std::function<Result<platform::HttpResponse>(const Call&)>;

struct Route {
  std::string method;
  // Segments, `{}` for an argument, `{...}` at the end for one that is all the rest:
  // `/v1/devices/{}/revoke`, `/v1/tuf/targets/{...}`.
  std::string pattern;
  policy::Action action;  // what the caller must be allowed to do
  Handler handler;
  About about = About::nothing;
  bool is_approval = false;  // of what another operator proposed: the handler holds it to that
  bool for_devices = false;  // its handler needs the caller's record: nobody else passes, whatever
                             // the policy says
  bool is_bounded = false;   // so many at once and no more: see server/admission.h
};

struct RouteMatch {
  const Route* route = nullptr;
  std::vector<std::string> arguments;
};

// Refuses HTTP-NOT-FOUND, and HTTP-METHOD where only the method is wrong. Arguments are never empty
// and hold no escapes: names in Vedette need none.
[[nodiscard]] Result<RouteMatch> find_route(const std::vector<Route>& routes,
                                            std::string_view method, std::string_view path);

// `a=1&b=2`, without escapes; a name twice or an empty name refuses HTTP-QUERY.
[[nodiscard]] Result<std::map<std::string, std::string>> parse_query(std::string_view target);

}  // namespace vedette::server
