#include "metadata_store.h"

#include "platform/tuf/metadata_folder.h"

namespace vedette {

Result<std::unique_ptr<release::tuf::MetadataStore>> open_metadata_store(
    const std::string& folder) {
  VEDETTE_TRY(platform::WholeFiles files, platform::WholeFiles::open(folder));
  return std::make_unique<platform::MetadataFolder>(std::move(files));
}

}  // namespace vedette
