// The second person: what one operator proposed, another one approves.
#pragma once

#include "base/error.h"
#include "server/route.h"

namespace vedette::server {

// For the handler of an approval. Refuses with `code` the proposer's own approval, and with
// AUTH-PROPOSER what its proposer would not be allowed to propose today: both stand behind it, and
// the policy is asked about both. `proposer` as Caller::name() writes it.
[[nodiscard]] Result<void> check_second_person(const Call& call, const std::string& proposer,
                                               std::string_view code);

}  // namespace vedette::server
