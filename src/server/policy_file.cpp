#include "server/policy_file.h"

#include <utility>

#include "base/fd.h"
#include "server/caller.h"

namespace vedette::server {

namespace {

constexpr std::string_view kTwoForReferences = R"policy(
rule two-people-change-references
  forbid operator to manage_references
  when context.approvals < 2
  because "the configuration of the server wants two operators for this"
  hint "propose it, and ask another operator to approve it";
)policy";

// Each of them was found to be a text that a policy can hold (check_token_audiences).
std::string tokens_for(const std::vector<std::string>& audiences) {
  std::string list;
  for (const std::string& audience : audiences)
    list += (list.empty() ? "\"" : ", \"") + audience + '"';
  return R"policy(
rule tokens-for-configured-audiences
  permit device to request_token
  when principal.status == "active" and context.attested
    and resource.audience in [)policy" +
         list + R"policy(]
  because "the configuration of the server names this audience";
)policy";
}

Result<std::string> read_text(const std::string& path) {
  VEDETTE_TRY(const Bytes octets, read_file(path, policy::kMaxPolicyBytes));
  return std::string(as_text(octets));
}

std::unexpected<Error> in_file(Error error, const std::string& path) {
  error.cause = path + (error.cause.empty() ? "" : ": " + error.cause);
  if (error.hint.empty()) error.hint = "'vedette policy check " + path + "' says more";
  return std::unexpected(std::move(error));
}

}  // namespace

Result<LoadedPolicy> load_policy(const ServerConfig& config) {
  std::string text(policy::default_policy_text());
  if (!config.policy.empty()) {
    VEDETTE_TRY(text, read_text(config.policy));
  }
  auto parsed = policy::parse_policy(text);
  if (!parsed) return in_file(std::move(parsed).error(), config.policy);
  std::string added;
  if (config.two_person_references) added += kTwoForReferences;
  if (!config.token_audiences.empty()) added += tokens_for(config.token_audiences);
  if (!added.empty()) {
    text += added;
    parsed = policy::parse_policy(text);  // refused where a rule of the file has this very name
    if (!parsed) return in_file(std::move(parsed).error(), config.policy);
  }
  return LoadedPolicy{.policy = *std::move(parsed),
                      .sha256 = crypto::sha256(as_bytes(text)),
                      .source = config.policy.empty() ? "built-in" : "file"};
}

Matter in_force(const LoadedPolicy& loaded, const identity::SpiffeId& server) {
  codec::Json details;
  details.set("sha256", to_hex(loaded.sha256)).set("source", loaded.source);
  details.set("rules", std::uint64_t{loaded.policy.rules().size()});
  return {.kind = "policy",
          .subject = "policy",
          .actor = actor_of(server),
          .rule = {},
          .details = std::move(details)};
}

}  // namespace vedette::server
