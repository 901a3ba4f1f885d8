// Proposal: a change that one operator wants and that a second has yet to approve.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace vedette::policy {

struct Proposal {
  std::string subject;  // what it would change; one waits for each: `group/line-a/revoke`
  std::string id;       // by which it is approved; whoever approves means this content
  std::string content;  // JSON
  std::string proposer;
  TimePoint proposed_at;
};

// A proposal waits so long for the second operator: an approval is about today's fleet.
inline constexpr std::chrono::hours kProposalLifetime{24};

// Whether it may still be approved; one from the future may not.
[[nodiscard]] inline bool still_waits(const Proposal& proposal, TimePoint now) {
  return now >= proposal.proposed_at && now - proposal.proposed_at < kProposalLifetime;
}

class ProposalRepository {
 public:
  ProposalRepository() = default;
  ProposalRepository(const ProposalRepository&) = delete;
  ProposalRepository& operator=(const ProposalRepository&) = delete;
  virtual ~ProposalRepository() = default;

  [[nodiscard]] virtual Result<std::optional<Proposal>> find(std::string_view subject) = 0;
  // Replaces the subject's earlier one.
  [[nodiscard]] virtual Result<void> save(const Proposal& proposal) = 0;
  [[nodiscard]] virtual Result<void> withdraw(std::string_view subject) = 0;
};

}  // namespace vedette::policy
