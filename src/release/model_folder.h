// ModelFolder: opens what lies in a model and nothing else. Internal to release/.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace vedette::release {

struct FoundFile {
  std::string name;  // relative to the folder; `.` for a single-file model
  std::uint64_t size = 0;
};

class ModelFolder {
 public:
  // A folder, or one regular file. Refuses OMS-OPEN, OMS-SYMLINK, OMS-FILETYPE, OMS-HARDLINK.
  [[nodiscard]] static Result<ModelFolder> open(const std::string& path);

  [[nodiscard]] bool is_single_file() const { return single_file_; }

  // Every file below, in no order, without what has a path in `ignored` or lies below one. Refuses
  // OMS-NAME, OMS-SYMLINK, OMS-HARDLINK, OMS-FILETYPE, OMS-DEPTH, OMS-SIZE, OMS-READ.
  [[nodiscard]] Result<std::vector<FoundFile>> list(
      const std::set<std::string, std::less<>>& ignored) const;

  // One regular file with one link, at offset 0. Refuses OMS-MISSING besides the above.
  [[nodiscard]] Result<UniqueFd> open_file(const std::string& name) const;

 private:
  ModelFolder(UniqueFd fd, bool single_file, std::uint64_t size)
      : fd_(std::move(fd)), single_file_(single_file), single_file_size_(size) {}

  UniqueFd fd_;
  bool single_file_ = false;
  std::uint64_t single_file_size_ = 0;
};

}  // namespace vedette::release
