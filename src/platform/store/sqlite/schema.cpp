#include "platform/store/sqlite/schema.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::platform::sqlite {

namespace {

std::unexpected<Error> no_file(const std::string& cause) {
  return refuse("STORE-FAILED", "the database file cannot be used", cause,
                "check the path and who owns its folder");
}

Result<void> create_file(const std::string& path) {
  const UniqueFd file{
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)};
  if (!file.valid()) return no_file(errno_text(path));
  // SQLite syncs the folder for its journals, not for the database itself.
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const UniqueFd parent{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!parent.valid() || ::fsync(parent.get()) != 0) return no_file(errno_text(folder));
  return {};
}

Result<std::uint64_t> number(Database& database, Sql sql) {
  VEDETTE_TRY(auto row, database.query(sql));
  VEDETTE_TRY(const bool found, row.next());
  if (!found) return refuse("STORE-FAILED", "the database does not say what it is");
  return row.natural(0);
}

Result<std::uint64_t> version(Database& database) {
  return number(database, "PRAGMA user_version");
}

Result<void> check_version(Database& database, std::size_t known) {
  VEDETTE_TRY(const auto found, version(database));
  if (found <= known) return {};
  return refuse(
      "STORE-NEWER", "the database was written by a later version",
      "schema " + std::to_string(found) + ", known are those up to " + std::to_string(known),
      "install that version, or restore a backup that was made before it");
}

Result<void> check_ours(Database& database) {
  VEDETTE_TRY(const auto id, number(database, "PRAGMA application_id"));
  if (id == kApplicationId) return {};
  VEDETTE_TRY(const auto objects, number(database, "SELECT count(*) FROM sqlite_schema"));
  VEDETTE_TRY(const auto found, version(database));
  if (id == 0 && objects == 0 && found == 0) return {};  // just made
  return refuse("STORE-FOREIGN", "the file is another program's database",
                "application_id " + std::to_string(id), "name another file in the configuration");
}

Result<void> use_write_ahead_log(Database& database) {
  VEDETTE_TRY(auto row, database.query("PRAGMA journal_mode=WAL"));
  VEDETTE_TRY([[maybe_unused]] const bool found, row.next());
  VEDETTE_TRY(const auto mode, row.text(0));
  if (mode == "wal") return {};
  return refuse("STORE-FAILED", "the database cannot keep a write-ahead log", mode,
                "put it on a local disk");
}

Result<void> apply(Database& database, const Migration& step, std::size_t to) {
  VEDETTE_CHECK(database.execute_script(step.script));
  // Pragmas take no parameters; both numbers are our own.
  const std::string marks = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                            "; PRAGMA user_version=" + std::to_string(to);
  return database.execute_script(marks.c_str());
}

// True if it was applied, false if none is left.
Result<bool> apply_next(Database& database, std::span<const Migration> steps) {
  VEDETTE_CHECK(database.begin_write());
  auto applied = [&]() -> Result<bool> {
    VEDETTE_CHECK(check_version(database, steps.size()));  // again, now that nobody else writes
    VEDETTE_TRY(const auto present, version(database));
    if (present == steps.size()) return false;
    VEDETTE_CHECK(apply(database, steps[present], present + 1));
    return true;
  }();
  if (!applied) {
    database.rollback();
    return applied;
  }
  VEDETTE_CHECK(database.commit());
  return applied;
}

}  // namespace

Result<void> prepare_database_file(const std::string& path) {
  // By path, never by descriptor: closing one would drop the locks that SQLite holds on the file.
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? create_file(path) : Result<void>(no_file(errno_text(path)));
  if (!S_ISREG(status.st_mode)) return no_file(path + ": not a regular file");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0 && ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0)
    return no_file(errno_text(path));
  return {};
}

Result<void> migrate(Database& database, std::span<const Migration> steps) {
  VEDETTE_CHECK(check_ours(database));
  VEDETTE_CHECK(check_version(database, steps.size()));
  VEDETTE_CHECK(use_write_ahead_log(database));
  for (;;) {
    VEDETTE_TRY(const bool applied, apply_next(database, steps));
    if (!applied) return {};
  }
}

}  // namespace vedette::platform::sqlite
