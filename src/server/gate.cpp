#include "server/gate.h"

#include <utility>

#include "server/answers.h"

namespace vedette::server {

using platform::Connection;
using platform::HttpRequest;
using platform::HttpResponse;

HttpResponse Gate::handle(const Connection& connection, const HttpRequest& request) {
  auto passed = pass(connection, request);
  return passed ? *std::move(passed) : answer(passed.error());
}

Result<Caller> Gate::admit(const Connection& connection, const HttpRequest& request,
                           policy::Action action) {
  VEDETTE_TRY(Caller caller, judge_.identify(connection, request, clock_.now()));
  VEDETTE_CHECK(policy::authorize(
      {.principal = caller.principal(), .action = action, .context = caller.context()}));
  return caller;
}

Result<HttpResponse> Gate::pass(const Connection& connection, const HttpRequest& request) {
  VEDETTE_TRY(RouteMatch match, find_route(routes_, request.method, request.path()));
  VEDETTE_TRY(auto query, parse_query(request.target));
  const policy::Action action = match.route->action;
  auto admitted = admit(connection, request, action);
  if (!admitted && connection.peer && !admitted.error().code.starts_with("STORE-")) {
    const std::string subject = connection.peer->subject();
    return std::unexpected(chronicle_.refuse_matter({.kind = "access",
                                                     .subject = std::string(to_string(action)),
                                                     .actor = subject,
                                                     .rule = admitted.error().cause,
                                                     .details = {}},
                                                    admitted.error()));
  }
  if (!admitted) return std::unexpected(std::move(admitted).error());
  const policy::Decision decision = policy::decide(
      {.principal = admitted->principal(), .action = action, .context = admitted->context()});
  const std::string rule(decision.rule);
  return match.route->handler({.connection = connection,
                               .request = request,
                               .caller = *admitted,
                               .rule = rule,
                               .arguments = std::move(match.arguments),
                               .query = std::move(query)});
}

}  // namespace vedette::server
