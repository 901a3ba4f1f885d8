// Database: one SQLite connection, its prepared statements, and what their rows hold.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/digest.h"

struct sqlite3;
struct sqlite3_stmt;

namespace vedette::platform::sqlite {

// SQL that stands in our source: nothing from outside can become a statement.
class Sql {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant to convert
  consteval Sql(const char* literal) : text_(literal) {}
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// A parameter of a statement; borrows text and octets for the duration of the call it is given to.
class Value {
 public:
  template <std::integral Number>
  Value(Number number) {
    if constexpr (std::signed_integral<Number>)
      held_ = static_cast<std::int64_t>(number);
    else
      held_ = static_cast<std::uint64_t>(number);
  }
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  Value(const Text& text) : held_(std::string_view(text)) {}
  template <class Octets>
    requires std::convertible_to<const Octets&, ByteView>
  Value(const Octets& octets) : held_(ByteView(octets)) {}
  Value(TimePoint time) : held_(std::int64_t{time.time_since_epoch().count()}) {}

  using Held = std::variant<std::int64_t, std::uint64_t, std::string_view, ByteView>;
  [[nodiscard]] const Held& held() const { return held_; }

 private:
  Held held_;
};

struct StatementCloser {
  void operator()(sqlite3_stmt* statement) const;
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, StatementCloser>;

class Database;

// A statement under way and its present row. Goes before its Database does. Columns count from 0;
// a value of the wrong type or form refuses STORE-CORRUPT.
class Query {
 public:
  Query(Database& database, std::string_view sql, StatementHandle statement);
  Query(Query&&) noexcept = default;
  Query& operator=(Query&&) noexcept = delete;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  // Moves to the next row; false after the last one.
  [[nodiscard]] Result<bool> next();

  [[nodiscard]] Result<std::int64_t> integer(int column) const;
  [[nodiscard]] Result<std::uint64_t> natural(int column) const;  // not negative
  [[nodiscard]] Result<std::uint32_t> natural32(int column) const;
  [[nodiscard]] Result<bool> boolean(int column) const;  // 0 or 1
  [[nodiscard]] Result<std::string> text(int column) const;
  [[nodiscard]] Result<Bytes> blob(int column) const;
  [[nodiscard]] Result<crypto::Sha256Digest> digest(int column) const;
  [[nodiscard]] Result<TimePoint> time(int column) const;
  [[nodiscard]] Result<std::optional<TimePoint>> time_or_none(int column) const;  // none: NULL
  template <class Id>
  [[nodiscard]] Result<Id> name(int column) const {
    VEDETTE_TRY(const std::string stored, text(column));
    auto id = Id::parse(stored);
    if (!id) return corrupt(column, "not a name");
    return *std::move(id);
  }
  // No text is no name.
  template <class Id>
  [[nodiscard]] Result<std::optional<Id>> name_or_none(int column) const {
    VEDETTE_TRY(const std::string stored, text(column));
    if (stored.empty()) return std::nullopt;
    return name<Id>(column);
  }
  // For values whose own parser said no.
  [[nodiscard]] std::unexpected<Error> corrupt(int column, std::string_view why) const;

 private:
  friend class Database;
  [[nodiscard]] Result<void> expect_type(int column, int type) const;

  Database* database_;
  std::string_view sql_;
  StatementHandle statement_;
};

enum class Access { read_write, read_only };

// Used by one thread at a time. Refuses STORE-FAILED with SQLite's own message, STORE-CONFLICT for
// a violated constraint, STORE-READ-ONLY, and STORE-FOREIGN for a file that is no database.
class Database {
 public:
  // The file must be there: see open_database_file.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                              Access access);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() = default;

  [[nodiscard]] Result<Query> query(Sql sql, std::initializer_list<Value> values = {});
  // Runs a statement to its end; answers how many rows it changed.
  [[nodiscard]] Result<std::uint64_t> execute(Sql sql, std::initializer_list<Value> values = {});
  // Several statements without parameters.
  [[nodiscard]] Result<void> execute_script(const char* literal);

  // Between begin and commit or rollback, a statement is refused once SQLite has rolled the
  // transaction back by itself (a full disk): else it would commit alone.
  [[nodiscard]] Result<void> begin_write();
  [[nodiscard]] Result<void> begin_read();
  [[nodiscard]] Result<void> commit();  // on refusal, nothing of the transaction is left
  void rollback();
  [[nodiscard]] bool transaction_lost() const;

  // The first refusal of a statement since the last call of forget_failure.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  void forget_failure() { failure_.reset(); }

 private:
  friend class Query;
  struct ConnectionCloser {
    void operator()(sqlite3* connection) const;
  };

  Database() = default;
  [[nodiscard]] Result<void> configure(Access access);
  [[nodiscard]] Result<StatementHandle> take_statement(std::string_view sql);
  void return_statement(std::string_view sql, StatementHandle statement);
  [[nodiscard]] Result<void> bind(sqlite3_stmt& statement, int index, const Value& value);
  [[nodiscard]] Result<bool> step(sqlite3_stmt& statement);
  [[nodiscard]] std::unexpected<Error> fail(int code, std::string_view sql);

  std::unique_ptr<sqlite3, ConnectionCloser> connection_;
  // Statements not in use; destroyed before the connection. Keys are literals.
  std::unordered_map<std::string_view, StatementHandle> idle_;
  std::optional<Error> failure_;
  bool in_transaction_ = false;
};

}  // namespace vedette::platform::sqlite
