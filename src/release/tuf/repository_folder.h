// RepositoryFolder: a TUF repository on its author's disk, laid out for a web server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "release/tuf/document.h"
#include "release/tuf/publication.h"

namespace vedette::release::tuf {

inline constexpr std::size_t kMaxTargetFile = std::size_t{2} << 30U;  // it is read whole
inline constexpr unsigned kStagedFile = 0600;

// `metadata/` and `targets/` are what a web server serves; `staged/` holds, by role, what is yet to
// be signed and published, and is nobody else's business. For one process at a time; what a killed
// one left half written in the folders that are served is removed at the next opening.
//
// Refuses FILE-*, TUF-FOLDER (no repository here, or one where none may be), TUF-LOCKED,
// and what the release/tuf headers refuse for files that do not read.
class RepositoryFolder {
 public:
  using Edit = std::function<Result<void>(Document&)>;

  [[nodiscard]] static Result<RepositoryFolder> create(const std::string& path);
  [[nodiscard]] static Result<RepositoryFolder> open(const std::string& path);

  [[nodiscard]] Result<Published> published() const;
  // Without what a publication that was cut off has published already.
  [[nodiscard]] Result<Staged> staged(const Published& published) const;

  // Puts a role's first version there, unsigned; refuses TUF-EXISTS when the role is there already.
  [[nodiscard]] Result<void> begin(const std::string& role, const Document& document) const;
  // Changes the staged version of `role`, or begins the one after the published; signatures go.
  // Refuses TUF-ROLE when the role has neither.
  [[nodiscard]] Result<void> edit(const std::string& role, TimePoint expires,
                                  const Edit& edit) const;
  // Where the staged version of `role` is, be it there or not.
  [[nodiscard]] std::string staged_path(const std::string& role) const;

  // The file goes where clients look for a target of that name and content.
  [[nodiscard]] Result<void> put_target(const std::string& name, ByteView content) const;
  // Whether the files of all targets that the staged roles list are there, whole; of those that are
  // published already, with their length. Refuses TUF-TARGET-FILE.
  [[nodiscard]] Result<void> check_targets(const Published& published, const Staged& staged) const;

  // Writes them one after the other, each durable before the next.
  [[nodiscard]] Result<void> put(const std::vector<MetadataFile>& files);
  // The same, then forgets what was staged and is published now.
  [[nodiscard]] Result<void> publish(const std::vector<MetadataFile>& files);

 private:
  RepositoryFolder(std::string path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  [[nodiscard]] static Result<RepositoryFolder> lock(const std::string& path);
  [[nodiscard]] std::string metadata_path(const std::string& file) const;
  void forget_published() const;

  std::string path_;
  UniqueFd lock_;  // of the folder itself
};

}  // namespace vedette::release::tuf
