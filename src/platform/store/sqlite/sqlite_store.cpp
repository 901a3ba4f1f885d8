#include "platform/store/sqlite/sqlite_store.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "platform/store/sqlite/group_commit.h"
#include "platform/store/sqlite/reader_pool.h"
#include "platform/store/sqlite/schema.h"

namespace vedette::platform {

namespace {

using sqlite::Access;
using sqlite::Database;
using sqlite::GroupCommit;
using sqlite::ReaderPool;
using sqlite::SqliteUnitOfWork;

// It would wait for itself, or see another state than the work around it.
void expect_outside_a_work() {
  if (SqliteUnitOfWork::running_here())
    throw std::logic_error("the store was called from inside a unit of work");
}

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<Database> writer, std::size_t max_waiting,
              std::unique_ptr<ReaderPool> readers)
      : writer_(std::move(writer), max_waiting), readers_(std::move(readers)) {}

  Result<void> write(const Work& work) override {
    expect_outside_a_work();
    return writer_.run(work);
  }

  Result<void> read(const Work& work) override {
    expect_outside_a_work();
    return readers_->run(work);
  }

 private:
  // The writer goes last: closing it folds the write-ahead log into the file, a reader cannot.
  GroupCommit writer_;
  std::unique_ptr<ReaderPool> readers_;
};

// Absolute, so that names with a meaning to SQLite (":memory:", "") mean files.
Result<std::string> file_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (path.empty() || error)
    return refuse("STORE-FAILED", "the database has no usable path", error.message());
  return absolute.string();
}

Result<void> bound_size(Database& database, std::uint64_t max_bytes) {
  if (max_bytes == 0) return {};
  VEDETTE_TRY(auto row, database.query("PRAGMA page_size"));
  VEDETTE_TRY([[maybe_unused]] const bool found, row.next());
  VEDETTE_TRY(const auto page_size, row.natural(0));
  const auto pages = std::max<std::uint64_t>(max_bytes / std::max<std::uint64_t>(page_size, 1), 1);
  const std::string pragma = "PRAGMA max_page_count=" + std::to_string(pages);
  return database.execute_script(pragma.c_str());
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 const SqliteStoreOptions& options) {
  VEDETTE_TRY(const std::string file, file_path(path));
  VEDETTE_CHECK(sqlite::prepare_database_file(file));
  VEDETTE_TRY(auto writer, Database::open(file, Access::read_write));
  VEDETTE_CHECK(sqlite::migrate(*writer, sqlite::migrations()));
  VEDETTE_CHECK(bound_size(*writer, options.max_bytes));
  VEDETTE_TRY(auto readers, ReaderPool::open(file, std::max<std::size_t>(options.readers, 1),
                                             options.max_waiting));
  return std::make_unique<SqliteStore>(std::move(writer), options.max_waiting, std::move(readers));
}

}  // namespace vedette::platform
