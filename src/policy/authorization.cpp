#include "policy/authorization.h"

namespace vedette::policy {

Error denial(const Policy& policy, const Request& request, const Decision& decision) {
  std::string message(to_string(request.principal));
  message += " may not ";
  message += to_string(request.action);
  message += ": ";
  message += decision.reason;
  return {.code = "AUTH-FORBIDDEN",
          .message = std::move(message),
          .cause = "rule " + policy.ids_of(decision.rules),
          .hint = std::string(decision.hint)};
}

Result<Decision> authorize(const Policy& policy, const Request& request) {
  const Decision decision = policy.decide(request);
  if (decision.allowed) return decision;
  return std::unexpected(denial(policy, request, decision));
}

}  // namespace vedette::policy
