// ModelCache: files of models on this device's disk, so that a restart fetches none a second time.
//
//   <folder>/<sha256>         a file that had this digest when it was put there
//   <folder>/<sha256>.part    how far one has come
//
// Nothing of it is believed: whoever takes a file holds it to its digest again, in memory that is
// then sealed. What is there can be read by whoever has the disk; see docs/release.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "crypto/digest.h"
#include "release/delta/delta.h"

namespace vedette::agent {

// For one process at a time, and not thread-safe. Only regular files of this user are taken that
// nobody else can write and that have one name; anything else under a file's name is removed.
class ModelCache {
 public:
  // A file that is on its way. Owns its descriptor.
  class Part {
   public:
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::uint64_t size() const { return size_; }  // octets that are there
    // Refuses CACHE-WRITE. It is not synced: after a power cut it may be shorter, or have a wrong
    // end, which the digest shows.
    [[nodiscard]] Result<void> append(ByteView octets);

   private:
    friend class ModelCache;
    Part(release::FileIdentity file, UniqueFd fd, std::uint64_t size)
        : file_(file), fd_(std::move(fd)), size_(size) {}

    release::FileIdentity file_;
    UniqueFd fd_;
    std::uint64_t size_;
  };

  // Takes the folder, or makes it with mode 0700 (its parent must be there). Refuses CACHE-FOLDER
  // when it belongs to somebody else, others can write to it, or another process has it.
  [[nodiscard]] static Result<ModelCache> open(const std::string& folder, std::uint64_t max_bytes);

  // For reading, from its beginning; it counts as the last used one. None: it is not there, or has
  // another size.
  [[nodiscard]] std::optional<UniqueFd> find(const release::FileIdentity& file);
  // Goes on where a former one ended. Those that were used least lately make room. Refuses
  // CACHE-FULL for a file beyond the limit, CACHE-WRITE.
  [[nodiscard]] Result<Part> begin(const release::FileIdentity& file);
  // The part is the whole file, and was verified. Durable when it returns. Refuses CACHE-WRITE.
  [[nodiscard]] Result<void> keep(Part part);
  void drop(const crypto::Sha256Digest& sha256);  // the file, and its part

  // Whole files, the last used first; at most `most`.
  [[nodiscard]] std::vector<crypto::Sha256Digest> files(std::size_t most) const;

 private:
  ModelCache(UniqueFd folder, std::uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  [[nodiscard]] UniqueFd take(const std::string& name, int flags) const;
  void make_room(std::uint64_t octets, const std::string& besides) const;

  UniqueFd folder_;  // locked
  std::uint64_t max_bytes_;
};

// Every octet of a file, from its first on, in pieces. Refuses FILE-READ, and what `sink` refuses.
[[nodiscard]] Result<void> read_all(int fd, const std::function<Result<void>(ByteView)>& sink);

}  // namespace vedette::agent
