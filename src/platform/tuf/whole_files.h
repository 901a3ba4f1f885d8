// WholeFiles: a folder whose files are replaced whole or not at all.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"

namespace vedette::platform {

// Opens the folder, or makes it with mode 0755 (its parent must be there); for one process at a
// time. Names are single file names that do not begin with a dot: such are ours, for what is being
// written, and what a crash left of them is removed at the next opening. Links are never followed.
//
// Refuses STORE-FAILED when the operating system does, and STORE-LOCKED while another process has
// the folder open.
class WholeFiles {
 public:
  using Sink = std::function<Result<void>(ByteView)>;
  using Fill = std::function<Result<void>(const Sink&)>;

  [[nodiscard]] static Result<WholeFiles> open(const std::string& path);

  // Hands the file's octets to `sink`. False: there is no such file.
  [[nodiscard]] Result<bool> read(const std::string& name, const Sink& sink) const;
  // The file's content is what `fill` hands to its sink, on stable storage when this returns. What
  // `fill` refuses leaves the file as it was.
  [[nodiscard]] Result<void> replace(const std::string& name, const Fill& fill);
  [[nodiscard]] Result<void> remove(const std::string& name);

 private:
  explicit WholeFiles(UniqueFd folder) : folder_(std::move(folder)) {}

  UniqueFd folder_;  // locked
};

}  // namespace vedette::platform
