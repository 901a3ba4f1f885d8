// The policy that a server holds to, from its configuration.
#pragma once

#include <string>

#include "base/error.h"
#include "crypto/digest.h"
#include "identity/spiffe.h"
#include "policy/policy.h"
#include "server/chronicle.h"
#include "server/config.h"

namespace vedette::server {

struct LoadedPolicy {
  policy::Policy policy;
  crypto::Sha256Digest sha256{};  // of the whole text that was read
  std::string source;             // `built-in` or `file`
};

// The file that `policy` names, or the built-in text; `attestation.two_person_references` and
// `tokens.audiences` add a rule to it each. Refuses FILE-* and POLICY-*, naming the file, line and
// column.
[[nodiscard]] Result<LoadedPolicy> load_policy(const ServerConfig& config);

// For the log: from now on this policy decides.
[[nodiscard]] Matter in_force(const LoadedPolicy& loaded, const identity::SpiffeId& server);

}  // namespace vedette::server
