// `vedette device revoke --group`: a whole group, by two operators where the policy wants two.
#pragma once

#include <string>

#include "cli/cli.h"

namespace vedette::cli {

struct GroupRevocation {
  std::string group;
  std::string reason;           // to propose it, or to do it
  std::string approve;          // the proposal to approve
  bool shows_proposal = false;  // what waits
};

// Exactly one of reason, approve and shows_proposal. Refuses CLI-USAGE and what the server refuses.
[[nodiscard]] Result<void> revoke_group(Environment& environment, const GroupRevocation& wanted);

}  // namespace vedette::cli
