// Blobs as files in a folder, named by their SHA-256.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "release/registry.h"

namespace vedette::platform {

// Opens the folder, or makes it with mode 0700 (its parent must be there). A blob lies in
// `<path>/<first two digits>/<sha256 in hexadecimal>`, mode 0600; it appears there whole or not at
// all, and what a crash left half-written is removed at the next opening. Symbolic links inside the
// folder are never followed. Thread-safe. Content is verified when it is put, not when it is
// opened: whoever reads a blob checks its digest.
//
// Refuses STORE-FAILED when the operating system does.
[[nodiscard]] Result<std::unique_ptr<release::BlobStore>> open_folder_blob_store(
    const std::string& path);

}  // namespace vedette::platform
