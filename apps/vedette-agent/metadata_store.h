// Where the agent keeps what it verified of a TUF repository.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "release/tuf/updater.h"

namespace vedette {

// Files in this folder, which is made if it is not there. Refuses STORE-*.
[[nodiscard]] Result<std::unique_ptr<release::tuf::MetadataStore>> open_metadata_store(
    const std::string& folder);

}  // namespace vedette
