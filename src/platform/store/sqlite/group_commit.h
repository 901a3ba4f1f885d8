// Group commit: works that wait together share one transaction and one sync of the disk.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "platform/store/sqlite/unit_of_work.h"

namespace vedette::platform::sqlite {

// A sync costs milliseconds, a work microseconds; the bound keeps the first of a batch from waiting
// for the last.
inline constexpr std::size_t kMostPerCommit = 256;

// Runs works in the order of their arrival on one thread of its own. Thread-safe.
class GroupCommit {
 public:
  // At most `max_waiting` works wait besides the batch under way; more are refused STORE-BUSY.
  GroupCommit(std::unique_ptr<Database> database, std::size_t max_waiting);
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;
  ~GroupCommit();  // nobody may be in run() any more

  // Returns once the work is on stable storage, or nothing of it is left. Each work runs in a
  // savepoint: one that refuses or throws is undone alone. What they ask for before the commit runs
  // once; when that or the commit fails, the batch does.
  [[nodiscard]] Result<void> run(const Work& work);
  // Works that wait for the batch under way.
  [[nodiscard]] std::size_t waiting();

 private:
  struct Job {
    const Work* work = nullptr;
    Result<void> outcome;
    std::exception_ptr thrown;
    std::condition_variable finished;
    bool done = false;
  };
  using Batch = std::vector<Job*>;

  void serve();
  [[nodiscard]] Batch next_batch();  // waits; empty at the end
  void finish(const Batch& batch);
  void commit_together(const Batch& batch);
  [[nodiscard]] Result<void> run_all(const Batch& batch);
  [[nodiscard]] Result<void> run_alone(Job& job);

  SqliteUnitOfWork unit_;  // used by thread_ only
  const std::size_t max_waiting_;

  std::mutex mutex_;  // guards what follows, and `done` of every job
  std::condition_variable arrived_;
  std::deque<Job*> waiting_;
  bool stopping_ = false;

  std::thread thread_;  // last: it starts when all else is there
};

}  // namespace vedette::platform::sqlite
