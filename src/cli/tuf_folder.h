// TufFolder: a TUF repository on its author's disk, laid out for a web server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "release/tuf/document.h"
#include "release/tuf/publication.h"

namespace vedette::cli {

inline constexpr std::size_t kMaxTargetFile = std::size_t{2} << 30U;  // it is read whole
inline constexpr unsigned kStagedFile = 0600;

// `metadata/` and `targets/` are what a web server serves; `staged/` holds, by role, what is yet to
// be signed and published, and is nobody else's business. For one process at a time.
//
// Refuses FILE-*, CLI-TUF-FOLDER (no repository here, or one where none may be), CLI-TUF-LOCKED,
// and what the release/tuf headers refuse for files that do not read.
class TufFolder {
 public:
  using Edit = std::function<Result<void>(release::tuf::Document&)>;

  [[nodiscard]] static Result<TufFolder> create(const std::string& path);
  [[nodiscard]] static Result<TufFolder> open(const std::string& path);

  [[nodiscard]] Result<release::tuf::Published> published() const;
  // Without what a publication that was cut off has published already.
  [[nodiscard]] Result<release::tuf::Staged> staged(const release::tuf::Published& published) const;

  // Puts a role's first version there, unsigned; refuses CLI-EXISTS when the role is there already.
  [[nodiscard]] Result<void> begin(const std::string& role,
                                   const release::tuf::Document& document) const;
  // Changes the staged version of `role`, or begins the one after the published; signatures go.
  // Refuses TUF-ROLE when the role has neither.
  [[nodiscard]] Result<void> edit(const std::string& role, TimePoint expires,
                                  const Edit& edit) const;
  // Where the staged version of `role` is, be it there or not.
  [[nodiscard]] std::string staged_path(const std::string& role) const;

  // The file goes where clients look for a target of that name and content.
  [[nodiscard]] Result<void> put_target(const std::string& name, ByteView content) const;
  // Whether the files of all targets that the staged roles list are there, whole; of those that are
  // published already, with their length. Refuses CLI-TUF-TARGET.
  [[nodiscard]] Result<void> check_targets(const release::tuf::Published& published,
                                           const release::tuf::Staged& staged) const;

  // Writes them one after the other, each durable before the next, then forgets what was staged and
  // is published now.
  [[nodiscard]] Result<void> publish(const std::vector<release::tuf::MetadataFile>& files);

 private:
  TufFolder(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  [[nodiscard]] static Result<TufFolder> lock(const std::string& path);
  [[nodiscard]] std::string metadata_path(const std::string& file) const;
  void forget_published() const;

  std::string path_;
  UniqueFd lock_;  // of the folder itself
};

}  // namespace vedette::cli
