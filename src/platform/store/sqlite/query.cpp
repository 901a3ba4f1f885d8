#include <algorithm>
#include <limits>

#include <sqlite3.h>

#include "platform/store/sqlite/database.h"

namespace vedette::platform::sqlite {

Query::Query(Database& database, std::string_view sql, StatementHandle statement)
    : database_(&database), sql_(sql), statement_(std::move(statement)) {}

Query::~Query() {
  if (statement_) database_->return_statement(sql_, std::move(statement_));
}

Result<bool> Query::next() {
  return database_->step(*statement_);
}

std::unexpected<Error> Query::corrupt(int column, std::string_view why) const {
  const char* name = sqlite3_column_name(statement_.get(), column);
  return refuse("STORE-CORRUPT", "the store holds a row that cannot be understood",
                std::string(name == nullptr ? "?" : name) + ": " + std::string(why) + ", in " +
                    std::string(sql_.substr(0, 120)),
                "restore the database from a backup");
}

Result<void> Query::expect_type(int column, int type) const {
  if (sqlite3_column_type(statement_.get(), column) != type) return corrupt(column, "wrong type");
  return {};
}

Result<std::int64_t> Query::integer(int column) const {
  VEDETTE_CHECK(expect_type(column, SQLITE_INTEGER));
  return std::int64_t{sqlite3_column_int64(statement_.get(), column)};
}

Result<std::uint64_t> Query::natural(int column) const {
  VEDETTE_TRY(const std::int64_t number, integer(column));
  if (number < 0) return corrupt(column, "negative");
  return static_cast<std::uint64_t>(number);
}

Result<std::uint32_t> Query::natural32(int column) const {
  VEDETTE_TRY(const std::uint64_t number, natural(column));
  if (number > std::numeric_limits<std::uint32_t>::max()) return corrupt(column, "beyond 32 bits");
  return static_cast<std::uint32_t>(number);
}

Result<bool> Query::boolean(int column) const {
  VEDETTE_TRY(const std::uint64_t number, natural(column));
  if (number > 1) return corrupt(column, "neither 0 nor 1");
  return number == 1;
}

Result<std::string> Query::text(int column) const {
  VEDETTE_CHECK(expect_type(column, SQLITE_TEXT));
  const void* octets = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (octets == nullptr) return corrupt(column, "no memory");
  return std::string(static_cast<const char*>(octets), size);
}

Result<Bytes> Query::blob(int column) const {
  VEDETTE_CHECK(expect_type(column, SQLITE_BLOB));
  const void* octets = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (size == 0) return Bytes{};  // SQLite gives no pointer for an empty blob
  if (octets == nullptr) return corrupt(column, "no memory");
  return to_bytes(ByteView(static_cast<const std::uint8_t*>(octets), size));
}

Result<crypto::Sha256Digest> Query::digest(int column) const {
  VEDETTE_TRY(const Bytes octets, blob(column));
  crypto::Sha256Digest digest{};
  if (octets.size() != digest.size()) return corrupt(column, "not 32 octets");
  std::ranges::copy(octets, digest.begin());
  return digest;
}

Result<TimePoint> Query::time(int column) const {
  VEDETTE_TRY(const std::int64_t milliseconds, integer(column));
  return TimePoint(Duration(milliseconds));
}

Result<std::optional<TimePoint>> Query::time_or_none(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return time(column);
}

}  // namespace vedette::platform::sqlite
