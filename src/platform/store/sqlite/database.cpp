#include "platform/store/sqlite/database.h"

#include <limits>
#include <tuple>
#include <type_traits>

#include <sqlite3.h>

namespace vedette::platform::sqlite {

namespace {

constexpr int kBusyMilliseconds = 5000;  // another process, such as a backup, holds the lock

// Primary result code (https://www.sqlite.org/rescode.html).
int primary(int code) {
  return code & 0xFF;
}

}  // namespace

void StatementCloser::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Database::ConnectionCloser::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access) {
  std::unique_ptr<Database> database(new Database);
  const int mode = access == Access::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &connection,
      mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE, nullptr);
  database->connection_.reset(connection);
  if (code != SQLITE_OK) return database->fail(code, "open " + path);
  VEDETTE_CHECK(database->configure(access));
  return database;
}

Result<void> Database::configure(Access access) {
  sqlite3_busy_timeout(connection_.get(), kBusyMilliseconds);
  if (const int code = sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
      code != SQLITE_OK)
    return fail(code, "defensive");
  VEDETTE_CHECK(
      execute_script("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON;"
                     "PRAGMA synchronous=FULL;"));
  if (access == Access::read_only) VEDETTE_CHECK(execute_script("PRAGMA query_only=ON"));
  return {};
}

Result<Query> Database::query(Sql sql, std::initializer_list<Value> values) {
  VEDETTE_TRY(auto statement, take_statement(sql.text()));
  Query query(*this, sql.text(), std::move(statement));
  int index = 0;
  for (const Value& value : values)
    VEDETTE_CHECK(bind(*query.statement_, ++index, value));
  return query;
}

Result<std::uint64_t> Database::execute(Sql sql, std::initializer_list<Value> values) {
  VEDETTE_TRY(auto running, query(sql, values));
  for (;;) {
    VEDETTE_TRY(const bool row, running.next());
    if (!row) return static_cast<std::uint64_t>(sqlite3_changes64(connection_.get()));
  }
}

Result<void> Database::execute_script(const char* literal) {
  const int code = sqlite3_exec(connection_.get(), literal, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(code, literal);
  return {};
}

Result<void> Database::begin_write() {
  VEDETTE_TRY([[maybe_unused]] const auto rows, execute("BEGIN IMMEDIATE"));
  in_transaction_ = true;
  return {};
}

Result<void> Database::begin_read() {
  VEDETTE_TRY([[maybe_unused]] const auto rows, execute("BEGIN"));
  in_transaction_ = true;
  return {};
}

Result<void> Database::commit() {
  const auto committed = execute("COMMIT");
  if (!committed) {
    rollback();
    return std::unexpected(committed.error());
  }
  in_transaction_ = false;
  return {};
}

void Database::rollback() {
  // It fails only where SQLite has rolled back by itself.
  if (!transaction_lost()) std::ignore = execute("ROLLBACK");
  in_transaction_ = false;
}

bool Database::transaction_lost() const {
  return in_transaction_ && sqlite3_get_autocommit(connection_.get()) != 0;
}

Result<StatementHandle> Database::take_statement(std::string_view sql) {
  if (auto idle = idle_.extract(sql); !idle.empty()) return std::move(idle.mapped());
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return fail(code, sql);
  return StatementHandle(statement);
}

void Database::return_statement(std::string_view sql, StatementHandle statement) {
  sqlite3_reset(statement.get());  // repeats the error of the last step, which was reported
  sqlite3_clear_bindings(statement.get());
  idle_.insert_or_assign(sql, std::move(statement));
}

Result<void> Database::bind(sqlite3_stmt& statement, int index, const Value& value) {
  const auto bind_one = [&]<class Held>(const Held& held) -> int {
    if constexpr (std::is_same_v<Held, std::int64_t>)
      return sqlite3_bind_int64(&statement, index, held);
    else if constexpr (std::is_same_v<Held, std::uint64_t>)
      // What SQLite's integers cannot hold equals none of them, and STRICT tables refuse it.
      return held > std::uint64_t{std::numeric_limits<std::int64_t>::max()}
                 ? sqlite3_bind_double(&statement, index, static_cast<double>(held))
                 : sqlite3_bind_int64(&statement, index, static_cast<std::int64_t>(held));
    else if constexpr (std::is_same_v<Held, std::string_view>)
      return sqlite3_bind_text64(&statement, index, held.empty() ? "" : held.data(), held.size(),
                                 SQLITE_TRANSIENT, SQLITE_UTF8);
    else if (held.empty())  // a null pointer would bind NULL
      return sqlite3_bind_zeroblob(&statement, index, 0);
    else
      return sqlite3_bind_blob64(&statement, index, held.data(), held.size(), SQLITE_TRANSIENT);
  };
  const int code = std::visit(bind_one, value.held());
  if (code != SQLITE_OK)
    return fail(code, "parameter " + std::to_string(index) + " of " + sqlite3_sql(&statement));
  return {};
}

Result<bool> Database::step(sqlite3_stmt& statement) {
  if (transaction_lost()) {
    failure_ = failure_.value_or(
        Error{"STORE-FAILED", "the database took the whole transaction back", "", ""});
    return std::unexpected(*failure_);
  }
  const int code = sqlite3_step(&statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(code, sqlite3_sql(&statement));
}

std::unexpected<Error> Database::fail(int code, std::string_view sql) {
  const bool own = connection_ && sqlite3_extended_errcode(connection_.get()) == code;
  const std::string cause =
      std::string(own ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(code)) + ": " +
      std::string(sql.substr(0, 120));
  Error error{"STORE-FAILED", "the database refused an operation", cause, ""};
  switch (primary(code)) {
    case SQLITE_CONSTRAINT:
      error.code = "STORE-CONFLICT";
      error.message = "a row contradicts what the store holds";
      break;
    case SQLITE_READONLY:
      error.code = "STORE-READ-ONLY";
      error.message = "the store may only be read here";
      break;
    case SQLITE_NOTADB:
      error.code = "STORE-FOREIGN";
      error.message = "the file is not a database";
      error.hint = "name another file in the configuration";
      break;
    case SQLITE_FULL:
      error.message = "the database has no room left";
      error.hint = "free some space on its disk";
      break;
    default:
      break;
  }
  if (!failure_) failure_ = error;
  return std::unexpected(std::move(error));
}

}  // namespace vedette::platform::sqlite
