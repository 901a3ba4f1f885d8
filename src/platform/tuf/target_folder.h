// TargetFolder: targets that were downloaded and verified, one file each.
#pragma once

#include "platform/tuf/whole_files.h"
#include "release/tuf/updater.h"

namespace vedette::platform {

// A target `dir/name` lies in the file `dir%2Fname`: no name leaves the folder, and no folder or
// link inside of it can lead elsewhere. Refuses what WholeFiles does, and TUF-FILE-NAME.
class TargetFolder {
 public:
  explicit TargetFolder(WholeFiles files) : files_(std::move(files)) {}

  // Whether the target is there already, of its length and hashes.
  [[nodiscard]] Result<bool> holds(const release::tuf::TargetFile& target) const;
  // Downloads it unless it is. What is not as promised never has the target's file name.
  [[nodiscard]] Result<void> get(release::tuf::Updater& updater,
                                 const release::tuf::TargetFile& target);

 private:
  WholeFiles files_;
};

}  // namespace vedette::platform
