#include "platform/store/sqlite/unit_of_work.h"

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

bool& running_on_this_thread() {
  thread_local bool running = false;
  return running;
}

class Running {
 public:
  Running() { running_on_this_thread() = true; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { running_on_this_thread() = false; }
};

}  // namespace

SqliteUnitOfWork::SqliteUnitOfWork(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      devices_(make_device_registry(*database_)),
      certificates_(make_certificate_registry(*database_)),
      enrollment_rules_(make_enrollment_rules(*database_)),
      enrollment_tokens_(make_enrollment_tokens(*database_)),
      references_(make_reference_repository(*database_)),
      attestations_(make_attestation_history(*database_)),
      releases_(make_release_registry(*database_)),
      receipts_(make_receipt_repository(*database_)),
      violations_(make_violation_repository(*database_)),
      proposals_(make_proposal_repository(*database_)),
      log_(make_log_store(*database_)) {}

Result<void> SqliteUnitOfWork::run(const Work& work) {
  const Running running;
  database_->forget_failure();
  auto outcome = work(*this);
  if (outcome && database_->failure()) return std::unexpected(*database_->failure());
  return outcome;
}

bool SqliteUnitOfWork::running_here() {
  return running_on_this_thread();
}

}  // namespace vedette::platform::sqlite
