// ServedFiles: what of a TUF repository's folder whoever asks may have, and nothing beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"

namespace vedette::release::tuf {

// The number in `7.root.json`; 0 for any other name.
[[nodiscard]] std::uint64_t root_number(std::string_view file);

// The folder as release/tuf/repository_folder.h lays it out; it is opened anew for each file, and
// may come and go. No lock is taken: files there are replaced whole.
//
// Names are of letters, digits and `-._~`, and no part of one begins with a dot, so that neither
// what is being written nor anything above the folder has a name here. Links are not followed, and
// what is no regular file is not there. Refuses FILE-OPEN when the operating system does.
class ServedFiles {
 public:
  explicit ServedFiles(std::string path) : path_(std::move(path)) {}

  struct File {
    UniqueFd fd;  // at offset 0
    std::uint64_t size = 0;
  };

  // `metadata/NAME`, whole; none where there is no such file, or one larger than any client takes.
  [[nodiscard]] Result<std::optional<Bytes>> metadata(std::string_view name) const;
  // The root of the highest number, which every client comes to; none where there is none.
  [[nodiscard]] Result<std::optional<Bytes>> last_root() const;
  // `targets/PATH`, as `voice/DIGEST.4.json`.
  [[nodiscard]] Result<std::optional<File>> target(std::string_view path) const;

 private:
  [[nodiscard]] Result<std::optional<File>> open(const std::string& name) const;

  std::string path_;
};

}  // namespace vedette::release::tuf
