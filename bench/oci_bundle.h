// A folder that a container runtime can run: /bin/true on the system's own files, read-only.
#pragma once

#include <string>

#include "base/error.h"

namespace vedette::bench {

class OciBundle {
 public:
  // Refuses BENCH-BUNDLE.
  [[nodiscard]] static Result<OciBundle> make();
  OciBundle(OciBundle&& other) noexcept : folder_(std::move(other.folder_)) {
    other.folder_.clear();
  }
  OciBundle& operator=(OciBundle&&) = delete;
  OciBundle(const OciBundle&) = delete;
  OciBundle& operator=(const OciBundle&) = delete;
  ~OciBundle();  // removes the folder

  [[nodiscard]] std::string path() const { return folder_ + "/bundle"; }
  [[nodiscard]] std::string state() const { return folder_ + "/state"; }

 private:
  explicit OciBundle(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace vedette::bench
