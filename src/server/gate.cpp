#include "server/gate.h"

#include <utility>

#include "policy/authorization.h"
#include "server/answers.h"

namespace vedette::server {

using platform::Connection;
using platform::HttpRequest;
using platform::HttpResponse;
using policy::Attribute;
using policy::Decision;

namespace {

// Whether a change of this kind can wait for a second operator.
bool can_wait(const policy::Request& asked) {
  return presence(Attribute::context_approvals, asked.principal, asked.action) !=
         policy::Presence::never;
}

struct Judgement {
  Decision decision;
  std::optional<Decision> alone{};  // denied where `decision` allows two
};

// Of what two may and one may not, `asked` becomes what the two ask.
Judgement judge(const policy::Policy& policy, policy::Request& asked, bool is_approval) {
  if (!can_wait(asked)) return {policy.decide(asked)};
  asked.facts.set_number(Attribute::context_approvals, is_approval ? 2 : 1);
  const Decision decision = policy.decide(asked);
  if (decision.allowed || is_approval) return {decision};
  policy::Request together = asked;
  together.facts.set_number(Attribute::context_approvals, 2);
  const Decision of_two = policy.decide(together);
  if (!of_two.allowed) return {decision};
  asked = together;
  return {of_two, decision};
}

}  // namespace

HttpResponse Gate::handle(const Connection& connection, const HttpRequest& request) {
  auto passed = pass(connection, request);
  return passed ? *std::move(passed) : answer(passed.error());
}

Result<HttpResponse> Gate::pass(const Connection& connection, const HttpRequest& request) {
  VEDETTE_TRY(RouteMatch match, find_route(routes_, request.method, request.path()));
  auto caller = entrance_.judge.identify(connection, request, entrance_.clock.now());
  if (!caller) return refused(connection, *match.route, {}, std::move(caller).error());
  if (match.route->for_devices && !caller->device)
    return refused(connection, *match.route, {},
                   refuse("AUTH-FORBIDDEN", "only a device is answered here").error());
  return admit(connection, request, std::move(match), *caller);
}

Result<HttpResponse> Gate::admit(const Connection& connection, const HttpRequest& request,
                                 RouteMatch match, const Caller& caller) {
  const policy::Policy& policy = entrance_.policy;
  const Route& route = *match.route;
  VEDETTE_TRY(auto query, parse_query(request.target));
  VEDETTE_TRY(
      const Resource resource,
      find_resource(entrance_.store, policy, {route.about, match.arguments, query, request}));
  policy::Request asked{.principal = caller.principal(),
                        .action = route.action,
                        .facts = caller.facts(policy, entrance_.clock.now())};
  resource.add_to(asked.facts);
  const Judgement judged = judge(policy, asked, route.is_approval);
  std::string rule = policy.ids_of(judged.decision.rules);
  if (!judged.decision.allowed)
    return refused(connection, route, rule, denial(policy, asked, judged.decision));
  std::optional<std::string> waits_for;
  if (judged.alone) waits_for = policy.ids_of(judged.alone->rules);
  return route.handler({.connection = connection,
                        .request = request,
                        .caller = caller,
                        .policy = policy,
                        .asked = asked,
                        .resource = resource,
                        .rule = std::move(rule),
                        .waits_for = std::move(waits_for),
                        .arguments = std::move(match.arguments),
                        .query = std::move(query)});
}

std::unexpected<Error> Gate::refused(const Connection& connection, const Route& route,
                                     const std::string& rule, Error error) {
  if (!connection.peer || error.code.starts_with("STORE-"))
    return std::unexpected(std::move(error));
  Matter matter{.kind = "access",
                .subject = std::string(to_string(route.action)),
                .actor = connection.peer->subject(),
                .rule = rule,
                .details = {}};
  if (rule.empty() && !error.cause.empty()) matter.details.set("cause", error.cause);
  return std::unexpected(entrance_.chronicle.refuse_matter(matter, std::move(error)));
}

}  // namespace vedette::server
