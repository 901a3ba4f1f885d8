// A few read-only connections that works take turns on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "platform/store/sqlite/unit_of_work.h"

namespace vedette::platform::sqlite {

// Thread-safe.
class ReaderPool {
 public:
  // `count` is at least 1; at most `max_waiting` callers wait for a turn.
  [[nodiscard]] static Result<std::unique_ptr<ReaderPool>> open(const std::string& path,
                                                                std::size_t count,
                                                                std::size_t max_waiting);

  // Runs `work` on one snapshot, on the caller's thread. Refuses STORE-BUSY when too many wait.
  [[nodiscard]] Result<void> run(const Work& work);

 private:
  using Reader = std::unique_ptr<SqliteUnitOfWork>;
  class Turn;

  explicit ReaderPool(std::size_t max_waiting) : max_waiting_(max_waiting) {}
  [[nodiscard]] Result<Reader> take();
  void give_back(Reader reader);

  const std::size_t max_waiting_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  std::vector<Reader> idle_;
  std::size_t waiting_ = 0;
};

}  // namespace vedette::platform::sqlite
