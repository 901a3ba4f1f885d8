#include "cli/policy_request.h"

#include <utility>

#include "base/strong_id.h"
#include "policy/explanation.h"

namespace vedette::cli {

namespace {

using policy::Attribute;

// The kind, and behind a slash the name; `anonymous` has none.
Result<void> set_principal(const policy::Policy& policy, std::string_view text,
                           policy::Request& request) {
  const std::size_t slash = text.find('/');
  const auto kind = policy::principal_named(text.substr(0, slash));
  const bool has_name = slash != std::string_view::npos;
  const bool needs_name = kind && *kind != policy::Principal::anonymous;
  if (!kind || has_name != needs_name || (has_name && !is_name(text.substr(slash + 1))))
    return refuse("CLI-PRINCIPAL", "this is no principal", std::string(text),
                  "write device/<name>, operator/<name> or anonymous");
  request.principal = *kind;
  if (!has_name) return {};
  request.facts.set_name(Attribute::principal_name, text.substr(slash + 1));
  if (*kind == policy::Principal::operator_)
    request.facts.set_roles(policy.roles_of(text.substr(slash + 1)));
  return {};
}

Result<void> set_fact(const char* whose, std::string_view text, policy::Request& request) {
  const std::size_t equals = text.find('=');
  const std::string path = whose + std::string(text.substr(0, equals));
  const auto attribute = policy::attribute_named(path);
  if (equals == std::string_view::npos || !attribute)
    return refuse("CLI-FACT", "this is no fact that a policy knows", std::string(text),
                  "write NAME=VALUE; 'vedette policy schema' lists the names");
  if (presence(*attribute, request.principal, request.action) == policy::Presence::never)
    return refuse("CLI-FACT", "this is never known of such a request",
                  path + ", when a principal of kind " + std::string(to_string(request.principal)) +
                      " asks for " + std::string(to_string(request.action)));
  if (request.facts[*attribute].known) return refuse("CLI-FACT", "this is said twice", path);
  auto fact = policy::parse_fact(*attribute, text.substr(equals + 1));
  if (!fact) return refuse("CLI-FACT", fact.error().message, fact.error().cause, fact.error().hint);
  request.facts.set(*attribute, *fact);
  return {};
}

// The age of an attestation is known exactly where there is one.
Result<void> settle_attestation(policy::Facts& facts) {
  if (!facts[Attribute::context_attestation_age].known) return {};
  const policy::Fact& attested = facts[Attribute::context_attested];
  if (attested.known && attested.number == 0)
    return refuse("CLI-FACT", "without an attestation there is no age of it");
  facts.set_flag(Attribute::context_attested, true);
  return {};
}

}  // namespace

Result<policy::Request> policy_request(const policy::Policy& policy,
                                       const PolicyRequestOptions& options) {
  policy::Request request;
  const auto action = policy::action_named(options.action);
  if (!action)
    return refuse("CLI-ACTION", "there is no such action", options.action,
                  "'vedette policy schema' lists them");
  request.action = *action;
  VEDETTE_CHECK(set_principal(policy, options.principal, request));
  const std::pair<const char*, const std::vector<std::string>&> groups[] = {
      {"principal.", options.attributes},
      {"resource.", options.resource},
      {"context.", options.context}};
  for (const auto& [whose, texts] : groups)
    for (const std::string& text : texts)
      VEDETTE_CHECK(set_fact(whose, text, request));
  VEDETTE_CHECK(settle_attestation(request.facts));
  return request;
}

}  // namespace vedette::cli
