#include "platform/store/sqlite/reader_pool.h"

namespace vedette::platform::sqlite {

// Ends the snapshot and gives the reader back, also when the work throws.
class ReaderPool::Turn {
 public:
  Turn(ReaderPool& pool, Reader reader) : pool_(&pool), reader_(std::move(reader)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    reader_->database().rollback();
    pool_->give_back(std::move(reader_));
  }

  [[nodiscard]] SqliteUnitOfWork& reader() { return *reader_; }

 private:
  ReaderPool* pool_;
  Reader reader_;
};

Result<std::unique_ptr<ReaderPool>> ReaderPool::open(const std::string& path, std::size_t count,
                                                     std::size_t max_waiting) {
  std::unique_ptr<ReaderPool> pool(new ReaderPool(max_waiting));
  for (std::size_t i = 0; i < count; ++i) {
    VEDETTE_TRY(auto database, Database::open(path, Access::read_only));
    pool->idle_.push_back(std::make_unique<SqliteUnitOfWork>(std::move(database)));
  }
  return pool;
}

Result<void> ReaderPool::run(const Work& work) {
  VEDETTE_TRY(auto reader, take());
  Turn turn(*this, std::move(reader));
  VEDETTE_CHECK(turn.reader().database().begin_read());
  return turn.reader().run(work);
}

Result<ReaderPool::Reader> ReaderPool::take() {
  std::unique_lock lock(mutex_);
  if (idle_.empty()) {
    if (waiting_ >= max_waiting_)
      return refuse("STORE-BUSY", "too many reads wait for their turn",
                    std::to_string(waiting_) + " are waiting", "try again in a moment");
    ++waiting_;
    returned_.wait(lock, [this] { return !idle_.empty(); });
    --waiting_;
  }
  Reader reader = std::move(idle_.back());
  idle_.pop_back();
  return reader;
}

void ReaderPool::give_back(Reader reader) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(reader));
  }
  returned_.notify_one();
}

}  // namespace vedette::platform::sqlite
