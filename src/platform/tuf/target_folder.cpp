#include "platform/tuf/target_folder.h"

#include "release/tuf/target_name.h"

namespace vedette::platform {

using release::tuf::TargetFile;

Result<bool> TargetFolder::holds(const TargetFile& target) const {
  VEDETTE_TRY(const std::string name, release::tuf::file_name(target.name));
  VEDETTE_TRY(auto promise, release::tuf::PromiseCheck::begin(target.length, target.hashes));
  const auto found = files_.read(name, [&](ByteView piece) { return promise.update(piece); });
  if (!found && found.error().code == "TUF-LENGTH") return false;
  if (!found) return found;
  return *found && promise.finish();
}

Result<void> TargetFolder::get(release::tuf::Updater& updater, const TargetFile& target) {
  VEDETTE_TRY(const bool present, holds(target));
  if (present) return {};
  VEDETTE_TRY(const std::string name, release::tuf::file_name(target.name));
  return files_.replace(
      name, [&](const WholeFiles::Sink& sink) { return updater.download(target, sink); });
}

}  // namespace vedette::platform
