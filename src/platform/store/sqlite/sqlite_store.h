// The store on one SQLite file, for a control plane of one process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "platform/store/store.h"

namespace vedette::platform {

struct SqliteStoreOptions {
  std::size_t readers = 4;         // read transactions that run at a time; further ones wait
  std::size_t max_waiting = 1024;  // callers that may wait, of each kind; more refuse STORE-BUSY
  std::uint64_t max_bytes = 0;     // of the database file; 0 means as much as the disk holds
};

// Opens the file, or makes it with mode 0600, and brings its schema up to date. Write-ahead log,
// synchronous=FULL: an acknowledged write survives a power cut. Works of write() run on the store's
// own thread, at most 256 to a commit.
//
// Refuses STORE-FOREIGN (not a file of ours), STORE-NEWER (written by a later version) and
// STORE-FAILED (the operating system or SQLite says no).
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(
    const std::string& path, const SqliteStoreOptions& options = {});

}  // namespace vedette::platform
