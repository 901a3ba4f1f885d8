#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using policy::Proposal;

class SqliteProposals final : public policy::ProposalRepository {
 public:
  explicit SqliteProposals(Database& database) : database_(&database) {}

  Result<std::optional<Proposal>> find(std::string_view subject) override {
    VEDETTE_TRY(auto row, database_->query("SELECT id, content, proposer, proposed_at"
                                           " FROM proposals WHERE subject = ?",
                                           {std::string(subject)}));
    VEDETTE_TRY(const bool found, row.next());
    if (!found) return std::nullopt;
    Proposal proposal{.subject = std::string(subject),
                      .id = {},
                      .content = {},
                      .proposer = {},
                      .proposed_at = {}};
    VEDETTE_TRY(proposal.id, row.text(0));
    VEDETTE_TRY(proposal.content, row.text(1));
    VEDETTE_TRY(proposal.proposer, row.text(2));
    VEDETTE_TRY(proposal.proposed_at, row.time(3));
    return proposal;
  }

  Result<void> save(const Proposal& proposal) override {
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute("INSERT INTO proposals (subject, id, content, proposer, proposed_at)"
                           " VALUES (?, ?, ?, ?, ?) ON CONFLICT (subject) DO UPDATE SET"
                           " id = excluded.id, content = excluded.content,"
                           " proposer = excluded.proposer, proposed_at = excluded.proposed_at",
                           {proposal.subject, proposal.id, proposal.content, proposal.proposer,
                            proposal.proposed_at}));
    return {};
  }

  Result<void> withdraw(std::string_view subject) override {
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute("DELETE FROM proposals WHERE subject = ?", {std::string(subject)}));
    return {};
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<policy::ProposalRepository> make_proposal_repository(Database& database) {
  return std::make_unique<SqliteProposals>(database);
}

}  // namespace vedette::platform::sqlite
