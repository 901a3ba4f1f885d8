#include "release/model_tree.h"

#include <cerrno>
#include <filesystem>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

#include "release/model_folder.h"

namespace vedette::release {
namespace {

using PathSet = std::set<std::string, std::less<>>;

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::string_view kGitPaths[] = {".git", ".gitattributes", ".github", ".gitignore"};

bool same_content_state(const struct stat& before, const struct stat& after) {
  const auto same = [](const timespec& left, const timespec& right) {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
  };
  return before.st_size == after.st_size && same(before.st_mtim, after.st_mtim) &&
         same(before.st_ctim, after.st_ctim);
}

// Reads files to their end, one after the other, and tells how far it is.
class Hasher {
 public:
  Hasher(const ModelFolder& folder, const HashOptions& options, std::uint64_t total)
      : folder_(folder), options_(options), total_(total), buffer_(kPieceBytes) {}

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
      report(name, length);
    }
  }

  void report(const std::string& name, std::size_t length) {
    done_ += length;
    if (options_.progress)
      options_.progress({.file = name, .bytes_done = done_, .bytes_total = total_});
  }

  const ModelFolder& folder_;
  const HashOptions& options_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  Bytes buffer_;
  crypto::Sha256Stream stream_;
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
  Hasher hasher(folder, options, total_size(files));
  std::vector<Resource> resources;
  resources.reserve(files.size());
  for (const FoundFile& file : files) {
    VEDETTE_TRY(const crypto::Sha256Digest digest, hasher.hash(file.name));
    resources.push_back({.name = file.name, .sha256 = digest});
  }
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
  Hasher hasher(folder, options, total_size(found));
  for (const Resource& resource : manifest.resources)
    VEDETTE_CHECK(check_resource(hasher, resource));
  return {};
}

}  // namespace vedette::release
