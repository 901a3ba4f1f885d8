// HashPool: hashes files and parts of files, several at once. Internal to release/.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "release/model_folder.h"
#include "release/model_tree.h"

namespace vedette::release {

// How far all threads together are.
class Tally {
 public:
  Tally(const HashOptions& options, std::uint64_t total) : options_(options), total_(total) {}

  void add(const std::string& name, std::size_t length);

 private:
  const HashOptions& options_;
  std::uint64_t total_;
  std::mutex mutex_;
  std::uint64_t done_ = 0;
};

// Whether a file may have been written to, or be another, since `before`.
[[nodiscard]] bool same_content_state(const struct stat& before, const struct stat& after);

// What a file is like now. Refuses what ModelFolder::open_file refuses, and OMS-READ.
[[nodiscard]] Result<struct stat> content_state(const ModelFolder& folder, const std::string& name);

// Reads files, one after the other, and tells how far it is.
class Hasher {
 public:
  Hasher(const ModelFolder& folder, Tally& tally);

  // The whole file, or what the cache knows of it. Refuses what content_state refuses, and
  // OMS-CHANGED.
  Result<crypto::Sha256Digest> hash(const std::string& name, HashCache* cache = nullptr);

  // Its octets from `begin` to before `end`, both within it. OMS-CHANGED unless it is from first to
  // last as it was at `state`: so all parts that were hashed under one state are of one content.
  Result<crypto::Sha256Digest> hash_part(const std::string& name, const struct stat& state,
                                         std::uint64_t begin, std::uint64_t end);

 private:
  // Less than that many octets only where the file ends.
  Result<void> read_part(int fd, const std::string& name, std::uint64_t begin, std::uint64_t end);

  const ModelFolder& folder_;
  Tally& tally_;
  Bytes buffer_;
  crypto::Sha256Stream stream_;
};

// Each thread takes the next piece of work, in order: so whatever stands before a refusal is
// finished, and the first refusal in that order is the one that is told.
class HashPool {
 public:
  using Work = std::function<Result<void>(Hasher&, std::size_t index)>;

  HashPool(const ModelFolder& folder, const HashOptions& options, std::uint64_t total)
      : folder_(folder), tally_(options, total), wanted_(options.threads) {}

  // Once. Throws what the options' progress throws.
  Result<void> run(std::size_t count, const Work& work);

 private:
  void take(std::size_t count, const Work& work);
  void stop(std::size_t index, Error error);

  const ModelFolder& folder_;
  Tally tally_;
  unsigned wanted_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::exception_ptr fault_;
  std::optional<Error> refusal_;
  std::size_t refused_at_ = 0;
};

}  // namespace vedette::release
