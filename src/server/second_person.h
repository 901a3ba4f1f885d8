// The second person: what one operator proposed, another one approves.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "platform/store/store.h"
#include "policy/proposal.h"
#include "server/route.h"

namespace vedette::server {

// For the handler of an approval. Refuses with `code` the proposer's own approval, and with
// AUTH-PROPOSER what its proposer would not be allowed to propose today: both stand behind it, and
// the policy is asked about both. `proposer` as Caller::name() writes it.
[[nodiscard]] Result<void> check_second_person(const Call& call, const std::string& proposer,
                                               std::string_view code);

// The proposal of `content` for `subject` by whoever calls. Its id covers the subject, the proposer
// and the time too: an approval never means another's proposal, nor an earlier one's.
[[nodiscard]] policy::Proposal make_proposal(const Call& call, std::string subject,
                                             std::string content, TimePoint now);

// What waits for approval and has not waited for too long; nothing for neither.
[[nodiscard]] Result<std::optional<policy::Proposal>> find_waiting(platform::UnitOfWork& unit,
                                                                   const std::string& subject,
                                                                   TimePoint now);

}  // namespace vedette::server
