// NewFile: a file that gets its name only once it is whole.
#pragma once

#include <string>

#include "base/fd.h"

namespace vedette {

// Written beside its place, and put there by a rename: after a crash either what was there before
// is there, or the whole new file. Until then its name begins with a dot, so that nobody who serves
// or lists the folder takes it for one of its files. One that gets no name is removed.
class NewFile {
 public:
  // Refuses FILE-CREATE.
  [[nodiscard]] static Result<NewFile> beside(const std::string& path);
  NewFile(NewFile&&) noexcept = default;
  NewFile& operator=(NewFile&&) = delete;
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  [[nodiscard]] Result<void> append(ByteView octets) const;  // FILE-WRITE
  // Syncs it, renames it to the path that it was made beside, replacing what is there, and syncs
  // the folder. `mode` is its permission bits. Refuses FILE-MODE, FILE-SYNC, FILE-RENAME. Once.
  [[nodiscard]] Result<void> put_in_place(unsigned mode);

 private:
  NewFile(UniqueFd fd, std::string temporary, std::string path)
      : fd_(std::move(fd)), temporary_(std::move(temporary)), path_(std::move(path)) {}

  UniqueFd fd_;  // none: it has its name, or was moved from
  std::string temporary_;
  std::string path_;
};

// Removes what killed writers of the file `path` left beside it. For its one writer alone, at
// start.
void remove_leftovers(const std::string& path);

// The same for every file in `folder` and below. For whoever alone may write there, at start.
void remove_all_leftovers(const std::string& folder);

}  // namespace vedette
