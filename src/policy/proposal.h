// Proposal: a change that one operator wants and that a second has yet to approve.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vedette::policy {

struct Proposal {
  std::string subject;  // what it would change; one waits for each: `group/line-a/revoke`
  std::string id;       // by which it is approved; whoever approves means this content
  std::string content;  // JSON
  std::string proposer;
};

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
