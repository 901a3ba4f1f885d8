// The database file: making it safely, telling ours from others, and its schema's versions.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "platform/store/sqlite/database.h"

namespace vedette::platform::sqlite {

inline constexpr std::uint64_t kApplicationId = 0x56454454;  // "VEDT", in the file's header

// A step from the version before it; the n-th one leads to version n (PRAGMA user_version).
struct Migration {
  const char* script;
};

[[nodiscard]] std::span<const Migration> migrations();

// Makes the file if it is missing, durably and empty; lets nobody but its owner read it. Refuses
// STORE-FAILED, also when `path` is anything but a regular file.
[[nodiscard]] Result<void> prepare_database_file(const std::string& path);

// Checks that the database is ours (STORE-FOREIGN) and not from a later version (STORE-NEWER)
// before anything is changed, switches to the write-ahead log, then applies the missing steps, each
// in its own transaction.
[[nodiscard]] Result<void> migrate(Database& database, std::span<const Migration> steps);

}  // namespace vedette::platform::sqlite
