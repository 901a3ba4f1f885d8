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
#include <map>
#include <memory>
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
// nobody else can write and that have one name; anything else under a file's name is removed. What
// cannot be opened for another reason (no descriptor is left, no right, no memory) is left alone.
class ModelCache {
  using Claims = std::map<std::string, std::uint64_t>;  // parts under way; octets of their files
  class Claim;

 public:
  // A file that is on its way. Owns its descriptor. Nobody else writes the file meanwhile, and its
  // room is kept for it. Goes before its cache does.
  class Part {
   public:
    Part(Part&& other) noexcept;
    Part& operator=(Part&& other) noexcept;
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    ~Part();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::uint64_t size() const { return size_; }  // octets that are there
    // Refuses CACHE-WRITE. It is not synced: after a power cut it may be shorter, or have a wrong
    // end, which the digest shows.
    [[nodiscard]] Result<void> append(ByteView octets);

   private:
    friend class ModelCache;
    Part(release::FileIdentity file, UniqueFd fd, std::uint64_t size, std::unique_ptr<Claim> claim);

    release::FileIdentity file_;
    UniqueFd fd_;
    std::uint64_t size_;
    std::unique_ptr<Claim> claim_;
  };

  // Takes the folder, or makes it with mode 0700 (its parent must be there). Refuses CACHE-FOLDER
  // when it belongs to somebody else, others can write to it, or another process has it.
  [[nodiscard]] static Result<ModelCache> open(const std::string& folder, std::uint64_t max_bytes);

  // For reading, from its beginning; it counts as the last used one. None: it is not there, has
  // another size, or cannot be opened now.
  [[nodiscard]] std::optional<UniqueFd> find(const release::FileIdentity& file);
  // Goes on where a former one ended. Those that were used least lately make room: whole files, and
  // parts that nobody holds. Parts that are held count as the whole files that they are to become.
  // Refuses CACHE-BUSY while another part of this file is held, CACHE-FULL for a file that has no
  // room beside those that are held, CACHE-WRITE.
  [[nodiscard]] Result<Part> begin(const release::FileIdentity& file);
  // How many octets begin() would go on with; 0 while a part is held.
  [[nodiscard]] std::uint64_t begun(const release::FileIdentity& file) const;
  // The part is the whole file, and was verified. Durable when it returns. Refuses CACHE-WRITE,
  // also when it is not in its place any more.
  [[nodiscard]] Result<void> keep(Part part);
  void discard(Part part);
  void drop(const crypto::Sha256Digest& sha256);  // the file, and its part if nobody holds it

  // Whole files, the last used first; at most `most`.
  [[nodiscard]] std::vector<crypto::Sha256Digest> files(std::size_t most) const;

 private:
  ModelCache(UniqueFd folder, std::uint64_t max_bytes);

  [[nodiscard]] UniqueFd take(const std::string& name, int flags) const;
  [[nodiscard]] bool is_in_place(const Part& part) const;
  [[nodiscard]] std::uint64_t claimed() const;
  void make_room() const;

  UniqueFd folder_;  // locked
  std::uint64_t max_bytes_;
  std::unique_ptr<Claims> claims_;  // stays where it is when the cache is moved
};

// Every octet of a file, from its first on, in pieces. Refuses FILE-READ, and what `sink` refuses.
[[nodiscard]] Result<void> read_all(int fd, const std::function<Result<void>(ByteView)>& sink);

}  // namespace vedette::agent
