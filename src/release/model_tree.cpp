#include "release/model_tree.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "release/model_folder.h"

namespace vedette::release {
namespace {

using PathSet = std::set<std::string, std::less<>>;

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kMaxThreads = 8;  // a mebibyte each; disks gain no more
constexpr std::string_view kGitPaths[] = {".git", ".gitattributes", ".github", ".gitignore"};

bool same_content_state(const struct stat& before, const struct stat& after) {
  const auto same = [](const timespec& left, const timespec& right) {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
  };
  return before.st_size == after.st_size && same(before.st_mtim, after.st_mtim) &&
         same(before.st_ctim, after.st_ctim);
}

// How far all threads together are.
class Tally {
 public:
  Tally(const HashOptions& options, std::uint64_t total) : options_(options), total_(total) {}

  void add(const std::string& name, std::size_t length) {
    if (!options_.progress) return;
    const std::lock_guard lock(mutex_);
    done_ += length;
    options_.progress({.file = name, .bytes_done = done_, .bytes_total = total_});
  }

 private:
  const HashOptions& options_;
  std::uint64_t total_;
  std::mutex mutex_;
  std::uint64_t done_ = 0;
};

// Reads files to their end, one after the other, and tells how far it is.
class Hasher {
 public:
  Hasher(const ModelFolder& folder, Tally& tally)
      : folder_(folder), tally_(tally), buffer_(kPieceBytes) {}

  Result<crypto::Sha256Digest> hash(const std::string& name) {
    VEDETTE_TRY(const UniqueFd fd, folder_.open_file(name));
    struct stat before{};
    struct stat after{};
    if (::fstat(fd.get(), &before) != 0) return unreadable(name);
    VEDETTE_CHECK(read_all(fd.get(), name));
    if (::fstat(fd.get(), &after) != 0) return unreadable(name);
    const crypto::Sha256Digest digest = stream_.finish();
    if (!same_content_state(before, after))
      return refuse("OMS-CHANGED", "a file of the model changed while it was read", name,
                    "try again when nothing writes to it");
    return digest;
  }

 private:
  static std::unexpected<Error> unreadable(const std::string& name) {
    return refuse("OMS-READ", "a file of the model cannot be read", errno_text(name));
  }

  Result<void> read_all(int fd, const std::string& name) {
    while (true) {
      const ssize_t count = ::read(fd, buffer_.data(), buffer_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return unreadable(name);
      if (count == 0) return {};
      const auto length = static_cast<std::size_t>(count);
      stream_.update(ByteView(buffer_).first(length));
      tally_.add(name, length);
    }
  }

  const ModelFolder& folder_;
  Tally& tally_;
  Bytes buffer_;
  crypto::Sha256Stream stream_;
};

// Hashes many files, several at once. Each thread takes the next file, in order: so whatever stands
// before a refusal is finished, and the first refusal in that order is the one that is told.
class HashPool {
 public:
  using Work = std::function<Result<void>(Hasher&, std::size_t index)>;

  HashPool(const ModelFolder& folder, const HashOptions& options, std::uint64_t total)
      : folder_(folder), tally_(options, total), wanted_(options.threads) {}

  Result<void> run(std::size_t count, const Work& work) {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t wanted = wanted_ == 0 ? cores : wanted_;
    const std::size_t threads = std::min({wanted, kMaxThreads, count});
    {
      std::vector<std::jthread> helpers;
      for (std::size_t i = 1; i < threads && add(helpers, [&] { take(count, work); }); ++i) {
      }
      take(count, work);
    }
    if (fault_) std::rethrow_exception(fault_);
    return refusal_ ? std::unexpected(*refusal_) : Result<void>{};
  }

 private:
  // False when the system gives no more threads: those that there are do the work.
  template <class Task>
  static bool add(std::vector<std::jthread>& helpers, Task task) {
    try {
      helpers.emplace_back(std::move(task));
    } catch (const std::system_error&) {
      return false;
    }
    return true;
  }

  // What is thrown here, by the progress that somebody shows, must not end the process.
  void take(std::size_t count, const Work& work) {
    try {
      Hasher hasher(folder_, tally_);
      while (!stopped_) {
        const std::size_t index = next_++;
        if (index >= count) return;
        if (auto done = work(hasher, index); !done) stop(index, std::move(done.error()));
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      fault_ = std::current_exception();
    }
  }

  void stop(std::size_t index, Error error) {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (refusal_ && refused_at_ < index) return;
    refusal_ = std::move(error);
    refused_at_ = index;
  }

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

PathSet always_ignored(const HashOptions& options) {
  PathSet paths(options.ignore.begin(), options.ignore.end());
  paths.insert(std::begin(kGitPaths), std::end(kGitPaths));
  return paths;
}

std::uint64_t total_size(const std::vector<FoundFile>& files) {
  std::uint64_t total = 0;
  for (const FoundFile& file : files)
    total += file.size;
  return total;
}

// The last part of the path, also for `.` and `folder/`.
std::string base_name(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::canonical(path, error);
  return error ? std::string() : whole.filename().string();
}

Result<void> check_nothing_unlisted(const Manifest& manifest, const std::vector<FoundFile>& found) {
  std::set<std::string_view> listed;
  for (const Resource& resource : manifest.resources)
    listed.insert(resource.name);
  for (const FoundFile& file : found)
    if (!listed.contains(file.name))
      return refuse("OMS-UNLISTED", "the model has a file that was not signed", file.name,
                    "remove it, or sign the model again");
  return {};
}

Result<void> check_resource(Hasher& hasher, const Resource& resource) {
  VEDETTE_TRY(const crypto::Sha256Digest actual, hasher.hash(resource.name));
  if (actual == resource.sha256) return {};
  return refuse(
      "OMS-DIGEST", "a file of the model is not the one that was signed",
      resource.name + ": signed " + to_hex(resource.sha256) + ", found " + to_hex(actual));
}

}  // namespace

Result<Manifest> hash_model(const std::string& path, const HashOptions& options) {
  VEDETTE_TRY(const ModelFolder folder, ModelFolder::open(path));
  const PathSet ignored = always_ignored(options);
  VEDETTE_TRY(const std::vector<FoundFile> files, folder.list(ignored));
  std::vector<Resource> resources(files.size());
  VEDETTE_CHECK(HashPool(folder, options, total_size(files))
                    .run(files.size(), [&](Hasher& hasher, std::size_t i) -> Result<void> {
                      resources[i].name = files[i].name;
                      VEDETTE_TRY(resources[i].sha256, hasher.hash(files[i].name));
                      return {};
                    }));
  std::vector<std::string> ignore_paths;
  if (!folder.is_single_file()) ignore_paths.assign(ignored.begin(), ignored.end());
  return build_manifest(base_name(path), std::move(resources), std::move(ignore_paths));
}

Result<VerifiedManifest> verify_model(const std::string& path, std::string_view bundle,
                                      std::span<const crypto::PublicKey> publishers,
                                      const HashOptions& options) {
  VEDETTE_TRY(VerifiedManifest verified, verify_bundle(bundle, publishers));
  VEDETTE_CHECK(compare_model(path, verified->manifest, options));
  return verified;
}

Result<void> compare_model(const std::string& path, const Manifest& manifest,
                           const HashOptions& options) {
  VEDETTE_TRY(const ModelFolder folder, ModelFolder::open(path));
  PathSet ignored = always_ignored(options);
  ignored.insert(manifest.ignore_paths.begin(), manifest.ignore_paths.end());
  VEDETTE_TRY(const std::vector<FoundFile> found, folder.list(ignored));
  VEDETTE_CHECK(check_nothing_unlisted(manifest, found));
  VEDETTE_CHECK(HashPool(folder, options, total_size(found))
                    .run(manifest.resources.size(), [&](Hasher& hasher, std::size_t i) {
                      return check_resource(hasher, manifest.resources[i]);
                    }));
  return {};
}

}  // namespace vedette::release
