// The unit of work on one connection.
#pragma once

#include <memory>
#include <utility>

#include "platform/store/sqlite/database.h"
#include "platform/store/store.h"

namespace vedette::platform::sqlite {

// Owns a connection and the repositories on it.
class SqliteUnitOfWork final : public UnitOfWork {
 public:
  explicit SqliteUnitOfWork(std::unique_ptr<Database> database);

  identity::DeviceRegistry& devices() override { return *devices_; }
  identity::CertificateRegistry& certificates() override { return *certificates_; }
  identity::EnrollmentRules& enrollment_rules() override { return *enrollment_rules_; }
  identity::EnrollmentTokens& enrollment_tokens() override { return *enrollment_tokens_; }
  attestation::ReferenceRepository& references() override { return *references_; }
  attestation::AttestationHistory& attestations() override { return *attestations_; }
  release::ReleaseRegistry& releases() override { return *releases_; }
  ledger::ReceiptRepository& receipts() override { return *receipts_; }
  ledger::ViolationRepository& violations() override { return *violations_; }
  policy::ProposalRepository& proposals() override { return *proposals_; }
  ledger::LogStore& log() override { return *log_; }
  void before_commit(Work last) override { last_ = std::move(last); }

  [[nodiscard]] Database& database() { return *database_; }

  // Runs `work` in the transaction that the caller began. A work that a statement failed in is
  // refused, whatever it answers: what it wrote may be incomplete.
  [[nodiscard]] Result<void> run(const Work& work);
  // What a work of the transaction asked for; forgotten with this call.
  [[nodiscard]] Work take_last() { return std::exchange(last_, nullptr); }
  [[nodiscard]] bool has_last() const { return last_ != nullptr; }
  // Whether this thread is inside run().
  [[nodiscard]] static bool running_here();

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<identity::DeviceRegistry> devices_;
  std::unique_ptr<identity::CertificateRegistry> certificates_;
  std::unique_ptr<identity::EnrollmentRules> enrollment_rules_;
  std::unique_ptr<identity::EnrollmentTokens> enrollment_tokens_;
  std::unique_ptr<attestation::ReferenceRepository> references_;
  std::unique_ptr<attestation::AttestationHistory> attestations_;
  std::unique_ptr<release::ReleaseRegistry> releases_;
  std::unique_ptr<ledger::ReceiptRepository> receipts_;
  std::unique_ptr<ledger::ViolationRepository> violations_;
  std::unique_ptr<policy::ProposalRepository> proposals_;
  std::unique_ptr<ledger::LogStore> log_;
  Work last_;
};

}  // namespace vedette::platform::sqlite
