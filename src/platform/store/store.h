// Store: everything that the control plane remembers, in transactions that survive a power cut.
#pragma once

#include <functional>

#include "attestation/reference_values.h"
#include "base/error.h"
#include "identity/device.h"
#include "identity/enrollment_token.h"
#include "identity/issued_certificate.h"
#include "ledger/log_store.h"
#include "ledger/receipt_repository.h"
#include "ledger/violation_repository.h"
#include "policy/proposal.h"
#include "release/registry.h"

namespace vedette::platform {

// One transaction's view of every aggregate. Valid only inside the function it is passed to.
class UnitOfWork {
 public:
  UnitOfWork() = default;
  UnitOfWork(const UnitOfWork&) = delete;
  UnitOfWork& operator=(const UnitOfWork&) = delete;
  virtual ~UnitOfWork() = default;

  [[nodiscard]] virtual identity::DeviceRegistry& devices() = 0;
  [[nodiscard]] virtual identity::CertificateRegistry& certificates() = 0;
  [[nodiscard]] virtual identity::EnrollmentRules& enrollment_rules() = 0;
  [[nodiscard]] virtual identity::EnrollmentTokens& enrollment_tokens() = 0;
  [[nodiscard]] virtual attestation::ReferenceRepository& references() = 0;
  [[nodiscard]] virtual attestation::AttestationHistory& attestations() = 0;
  [[nodiscard]] virtual release::ReleaseRegistry& releases() = 0;
  [[nodiscard]] virtual ledger::ReceiptRepository& receipts() = 0;
  [[nodiscard]] virtual ledger::ViolationRepository& violations() = 0;
  [[nodiscard]] virtual policy::ProposalRepository& proposals() = 0;
  [[nodiscard]] virtual ledger::LogStore& log() = 0;

  // Has `last` run when every work of the transaction has, before it is committed: once, however
  // many of them ask, so all must ask for the same. A work that is undone has not asked. When it
  // refuses or throws, nothing of the transaction is left.
  virtual void before_commit(std::function<Result<void>(UnitOfWork&)> last) = 0;
};

using Work = std::function<Result<void>(UnitOfWork&)>;

// Thread-safe. Refuses, besides what the works refuse:
//   STORE-FAILED     the database does, be it for a full disk
//   STORE-BUSY       too many callers wait
//   STORE-CONFLICT   a row contradicts another: a second device with one TPM, an unknown device
//   STORE-READ-ONLY  a work of read() writes
//   STORE-CORRUPT    a row does not hold what it must
// A work that goes on after one of the first four is rolled back all the same. What a work throws
// is rolled back and rethrown to the caller. Calling the store from inside a work throws
// std::logic_error. Nobody may be in write() or read() when the store goes.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // Runs `work` in a transaction and returns once it is on stable storage; a run that is undone may
  // be followed by another one, so that a work begins anew each time. Works that wait together
  // are committed together (group commit); a work that refuses is rolled back alone, its error
  // returned.
  [[nodiscard]] virtual Result<void> write(const Work& work) = 0;
  // Runs `work` on a consistent snapshot; what it writes is refused.
  [[nodiscard]] virtual Result<void> read(const Work& work) = 0;
};

}  // namespace vedette::platform
