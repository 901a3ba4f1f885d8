// Authorisation: a policy's answer to one request, as a refusal that says what to do.
#pragma once

#include "base/error.h"
#include "policy/policy.h"

namespace vedette::policy {

// Of a decision that does not allow: AUTH-FORBIDDEN, with the rules that decided as cause, and the
// first one's reason and hint.
[[nodiscard]] Error denial(const Policy& policy, const Request& request, const Decision& decision);

// Decides, and refuses as denial() says.
[[nodiscard]] Result<Decision> authorize(const Policy& policy, const Request& request);

}  // namespace vedette::policy
