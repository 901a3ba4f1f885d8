// A request to a policy, as a command line says it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "policy/policy.h"

namespace vedette::cli {

struct PolicyRequestOptions {
  std::string principal;                // `device/drone`, `operator/alice`, `anonymous`
  std::string action;                   // `read_blob`
  std::vector<std::string> attributes;  // of the principal: `status=active`
  std::vector<std::string> resource;    // `tier=high`
  std::vector<std::string> context;     // `attestation_age=3m`
};

// What is not said is not known; an operator's roles follow from the name, and an age of an
// attestation says that there is one. Borrows from the options. Refuses CLI-PRINCIPAL, CLI-ACTION
// and CLI-FACT.
[[nodiscard]] Result<policy::Request> policy_request(const policy::Policy& policy,
                                                     const PolicyRequestOptions& options);

}  // namespace vedette::cli
