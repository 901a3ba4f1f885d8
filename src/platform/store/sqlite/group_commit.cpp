#include "platform/store/sqlite/group_commit.h"

#include <algorithm>

namespace vedette::platform::sqlite {

GroupCommit::GroupCommit(std::unique_ptr<Database> database, std::size_t max_waiting)
    : unit_(std::move(database)), max_waiting_(max_waiting), thread_([this] { serve(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

Result<void> GroupCommit::run(const Work& work) {
  Job job;
  job.work = &work;
  std::unique_lock lock(mutex_);
  if (waiting_.size() >= max_waiting_)
    return refuse("STORE-BUSY", "too many writes wait for the disk",
                  std::to_string(waiting_.size()) + " are waiting", "try again in a moment");
  waiting_.push_back(&job);
  arrived_.notify_one();
  job.finished.wait(lock, [&] { return job.done; });
  if (job.thrown) std::rethrow_exception(job.thrown);
  return std::move(job.outcome);
}

std::size_t GroupCommit::waiting() {
  const std::scoped_lock lock(mutex_);
  return waiting_.size();
}

void GroupCommit::serve() {
  for (Batch batch = next_batch(); !batch.empty(); batch = next_batch()) {
    commit_together(batch);
    finish(batch);
  }
}

GroupCommit::Batch GroupCommit::next_batch() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostPerCommit));
  Batch batch(waiting_.begin(), waiting_.begin() + count);
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  return batch;
}

void GroupCommit::finish(const Batch& batch) {
  // Notified under the lock: a job lives on its caller's stack, which goes once the lock is free.
  const std::scoped_lock lock(mutex_);
  for (Job* job : batch) {
    job->done = true;
    job->finished.notify_one();
  }
}

void GroupCommit::commit_together(const Batch& batch) {
  std::exception_ptr thrown;
  Result<void> committed;
  try {
    committed = run_all(batch);
  } catch (...) {  // by the last work: it is everybody's
    unit_.database().rollback();
    thrown = std::current_exception();
  }
  if (committed && !thrown) return;
  for (Job* job : batch) {
    if (!job->outcome || job->thrown) continue;
    job->outcome = committed;
    job->thrown = thrown;
  }
}

Result<void> GroupCommit::run_all(const Batch& batch) {
  Database& database = unit_.database();
  static_cast<void>(unit_.take_last());  // of a batch that failed
  VEDETTE_CHECK(database.begin_write());
  Result<void> contained;
  for (Job* job : batch)
    if (contained) contained = run_alone(*job);
  if (const Work last = unit_.take_last(); contained && last) contained = unit_.run(last);
  if (contained) return database.commit();
  database.rollback();
  return contained;
}

Result<void> GroupCommit::run_alone(Job& job) {
  Database& database = unit_.database();
  const bool had_last = unit_.has_last();
  VEDETTE_TRY([[maybe_unused]] const auto saved, database.execute("SAVEPOINT work"));
  try {
    job.outcome = unit_.run(*job.work);
  } catch (...) {
    job.thrown = std::current_exception();
  }
  if (!job.outcome || job.thrown) {
    if (!had_last) static_cast<void>(unit_.take_last());
    VEDETTE_TRY([[maybe_unused]] const auto undone, database.execute("ROLLBACK TO work"));
  }
  VEDETTE_TRY([[maybe_unused]] const auto released, database.execute("RELEASE work"));
  return {};
}

}  // namespace vedette::platform::sqlite
