// MetadataFolder: verified TUF metadata as `<role>.json`, the octets as they were served.
#pragma once

#include "platform/tuf/whole_files.h"
#include "release/tuf/updater.h"

namespace vedette::platform {

// Role names are percent-encoded whole, so that none leaves the folder. Refuses besides what
// WholeFiles does: TUF-FILE-NAME, and FILE-SIZE for a file beyond the reader's limit.
class MetadataFolder final : public release::tuf::MetadataStore {
 public:
  explicit MetadataFolder(WholeFiles files) : files_(std::move(files)) {}

  [[nodiscard]] Result<std::optional<Bytes>> read(std::string_view role,
                                                  std::uint64_t max_octets) override;
  [[nodiscard]] Result<void> write(std::string_view role, ByteView octets) override;
  [[nodiscard]] Result<void> remove(std::string_view role) override;

 private:
  WholeFiles files_;
};

}  // namespace vedette::platform
