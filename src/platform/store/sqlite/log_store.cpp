#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

std::unexpected<Error> no_such(std::string what) {
  return refuse("LOG-INDEX", "the log has no such place", std::move(what));
}

class SqliteLogStore final : public ledger::LogStore {
 public:
  explicit SqliteLogStore(Database& database) : database_(&database) {}

  Result<std::uint64_t> size() override {
    VEDETTE_TRY(auto query, database_->query("SELECT coalesce(max(position) + 1, 0)"
                                             " FROM log_entries"));
    VEDETTE_TRY([[maybe_unused]] const bool found, query.next());
    return query.natural(0);
  }

  Result<Bytes> entry(std::uint64_t index) override {
    VEDETTE_TRY(auto query,
                database_->query("SELECT entry FROM log_entries WHERE position = ?", {index}));
    VEDETTE_TRY(const bool found, query.next());
    if (!found) return no_such("entry " + std::to_string(index));
    return query.blob(0);
  }

  Result<ledger::TreeHash> node(unsigned level, std::uint64_t index) override {
    VEDETTE_TRY(auto query, database_->query("SELECT hash FROM log_nodes"
                                             " WHERE level = ? AND position = ?",
                                             {level, index}));
    VEDETTE_TRY(const bool found, query.next());
    if (!found)
      return no_such("node " + std::to_string(index) + " of level " + std::to_string(level));
    return query.digest(0);
  }

  Result<void> add_entry(std::uint64_t index, ByteView entry) override {
    VEDETTE_TRY(const auto present, size());
    if (index != present)
      return no_such("entry " + std::to_string(index) + ", the next is " + std::to_string(present));
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute("INSERT INTO log_entries (position, entry) VALUES (?, ?)",
                                   {index, entry}));
    return {};
  }

  Result<void> add_node(unsigned level, std::uint64_t index,
                        const ledger::TreeHash& hash) override {
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute("INSERT INTO log_nodes (level, position, hash) VALUES (?, ?, ?)",
                                   {level, index, hash}));
    return {};
  }

  Result<std::optional<std::string>> checkpoint() override {
    VEDETTE_TRY(auto query, database_->query("SELECT note FROM log_checkpoint"));
    VEDETTE_TRY(const bool found, query.next());
    if (!found) return std::nullopt;
    return query.text(0);
  }

  Result<void> save_checkpoint(const std::string& text) override {
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute("INSERT INTO log_checkpoint (singleton, note) VALUES (1, ?)"
                                   " ON CONFLICT (singleton) DO UPDATE SET note = excluded.note",
                                   {text}));
    return {};
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<ledger::LogStore> make_log_store(Database& database) {
  return std::make_unique<SqliteLogStore>(database);
}

}  // namespace vedette::platform::sqlite
