// HashCache: the digests of files that were hashed before, for whoever signs a large model again
// and again and asks for it.
//
// A digest is taken from it only for a file of the same name that is the same file (device, inode),
// of the same size, and with the same times of change (which a program cannot set) and of
// modification, and whose sample (32 blocks of 4 KiB, at places drawn when it was hashed) has the
// same content now. A file that changed within the last two seconds before it was hashed is not
// kept: a later change could have the same time. What is mapped into somebody's memory for writing
// may change without any of this: do not ask for it there. Only signing takes digests from here;
// verification reads every octet.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <sys/stat.h>

#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::release {

// Thread-safe but for save().
class HashCache {
 public:
  // Empty where there is no such file. Refuses OMS-CACHE for one that is damaged, or that somebody
  // else could write: whoever writes it chooses what is signed.
  [[nodiscard]] static Result<HashCache> load(const std::string& path);

  // What the open file's digest is, if that is known; nothing on any doubt, a failed read included.
  [[nodiscard]] std::optional<crypto::Sha256Digest> find(const std::string& name, int fd,
                                                         const struct stat& state);
  // It was hashed, and its state was the same before and after; `fd` is open still.
  void keep(const std::string& name, int fd, const struct stat& state,
            const crypto::Sha256Digest& digest);

  [[nodiscard]] std::size_t recalled() const { return recalled_; }  // how often find() knew it

  // What was found or kept since it was loaded, and nothing else. Refuses FILE-*.
  [[nodiscard]] Result<void> save() const;

  HashCache(HashCache&& other) noexcept
      : path_(std::move(other.path_)), known_(std::move(other.known_)) {}

 private:
  struct Entry {
    std::string state;
    crypto::Sha256Digest digest{};
    std::uint64_t seed = 0;  // of the sample's places
    crypto::Sha256Digest sample{};
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  explicit HashCache(std::string path) : path_(std::move(path)) {}

  std::string path_;
  Entries known_;  // of the runs before
  std::mutex mutex_;
  Entries current_;
  std::size_t recalled_ = 0;
};

}  // namespace vedette::release
