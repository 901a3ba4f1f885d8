// For tests: policies to try things on.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "policy/policy.h"

namespace vedette::policy {

// A text that must parse: a test that gets it wrong is broken.
[[nodiscard]] inline Policy policy_of(std::string_view text) {
  auto parsed = parse_policy(text);
  if (!parsed) throw std::logic_error(describe(parsed.error()));
  return *std::move(parsed);
}

// One rule named `r`, of this effect and body: `permit device to read_blob when context.attested`.
[[nodiscard]] inline std::string rule(std::string_view body, std::string_view name = "r") {
  return "rule " + std::string(name) + " " + std::string(body) + " because \"so\";\n";
}

// Keeps the tier of high to attestations of the last five minutes, and people to their roles.
inline constexpr std::string_view kStrict = R"(
role releaser = ["operator/alice", "operator/bob"];
role auditor = any operator;

rule fresh-for-high
  forbid device to read_release, read_blob
  when resource.tier == "high" and not (context.attested and context.attestation_age < 5m)
  because "a model of tier high needs an attestation of the last five minutes"
  hint "attest again";

rule devices-work
  permit device to read_release, read_blob
  when principal.status == "active" and context.attested
  because "a device that proved what it runs may fetch";

rule releasers-publish
  permit operator to publish_release, publish_blob
  when principal has role releaser
  because "releases are the releasers' business";

rule auditors-read
  permit operator to read_everything
  when principal has role auditor
  because "everybody may look";

rule two-change-references
  permit operator to manage_references
  when context.approvals >= 2
  because "what devices are held to takes two";
)";

}  // namespace vedette::policy
