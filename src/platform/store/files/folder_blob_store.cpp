#include "platform/store/files/folder_blob_store.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "crypto/digest.h"

namespace vedette::platform {

namespace {

using crypto::Sha256Digest;

constexpr mode_t kFolderMode = S_IRWXU;
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;
constexpr std::size_t kChunk = std::size_t{256} * 1024;
constexpr const char* kIncoming = "incoming";  // what is being written; no blob has this name

std::unexpected<Error> failed(std::string_view what) {
  return refuse("STORE-FAILED", "the blob folder cannot be used", errno_text(what));
}

Result<void> sync(const UniqueFd& fd, std::string_view what) {
  if (::fsync(fd.get()) != 0) return failed(what);
  return {};
}

// The folder `name` in `parent`, made durably if it is missing.
Result<UniqueFd> make_folder(const UniqueFd& parent, const std::string& name) {
  const bool made = ::mkdirat(parent.get(), name.c_str(), kFolderMode) == 0;
  if (!made && errno != EEXIST) return failed(name);
  UniqueFd folder{
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!folder.valid()) return failed(name);
  // Always: another thread may have made it and not have synced it yet.
  VEDETTE_CHECK(sync(parent, name));
  return folder;
}

Result<void> write_all(const UniqueFd& fd, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write");
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// Takes the digest of the very octets that it hands to the kernel.
Result<void> write_verified(const UniqueFd& fd, ByteView content, const Sha256Digest& expected) {
  crypto::Sha256Stream stream;
  while (!content.empty()) {
    const ByteView chunk = content.first(std::min(content.size(), kChunk));
    stream.update(chunk);
    VEDETTE_CHECK(write_all(fd, chunk));
    content = content.subspan(chunk.size());
  }
  const Sha256Digest digest = stream.finish();
  if (digest != expected)
    return refuse("BLOB-DIGEST", "the content is not what its name says",
                  "expected " + to_hex(expected) + ", got " + to_hex(digest),
                  "send the file again");
  return sync(fd, "fsync");
}

struct FolderCloser {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<void> remove_files_in(const UniqueFd& folder) {
  UniqueFd copy{::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0)};
  const std::unique_ptr<DIR, FolderCloser> listing{::fdopendir(copy.get())};
  if (!listing) return failed(kIncoming);
  static_cast<void>(copy.release());  // the listing closes it
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name(static_cast<const char*>(entry->d_name));
    if (name == "." || name == "..") continue;
    if (::unlinkat(folder.get(), name.c_str(), 0) != 0 && errno != ENOENT) return failed(name);
  }
  return {};
}

class FolderBlobStore final : public release::BlobStore {
 public:
  FolderBlobStore(UniqueFd root, UniqueFd incoming)
      : root_(std::move(root)), incoming_(std::move(incoming)) {}

  Result<void> put(const Sha256Digest& sha256, ByteView content) override {
    // Written anew even if it is there: a copy that has rotted is healed.
    const std::string name = to_hex(sha256);
    const std::string temporary =
        name + "." + std::to_string(::getpid()) + "." + std::to_string(++serial_);
    UniqueFd file{::openat(incoming_.get(), temporary.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode)};
    if (!file.valid()) return failed(temporary);
    auto done = write_verified(file, content, sha256);
    if (done) done = move_in_place(temporary, name);
    if (!done) ::unlinkat(incoming_.get(), temporary.c_str(), 0);
    return done;
  }

  Result<std::optional<UniqueFd>> open(const Sha256Digest& sha256) override {
    const std::string name = to_hex(sha256);
    const UniqueFd folder{::openat(root_.get(), name.substr(0, 2).c_str(),
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder.valid()) return none_or_failed(name);
    // Not to wait for ever if somebody put a pipe there; the flag means nothing for a file.
    UniqueFd file{
        ::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file.valid()) return none_or_failed(name);
    VEDETTE_TRY([[maybe_unused]] const auto size, size_of(file, name));
    return file;
  }

  Result<std::optional<std::uint64_t>> size(const Sha256Digest& sha256) override {
    VEDETTE_TRY(const auto file, open(sha256));
    if (!file) return std::nullopt;
    VEDETTE_TRY(const auto size, size_of(*file, to_hex(sha256)));
    return size;
  }

 private:
  static Result<std::optional<UniqueFd>> none_or_failed(const std::string& name) {
    if (errno == ENOENT) return std::nullopt;
    return failed(name);
  }

  static Result<std::uint64_t> size_of(const UniqueFd& file, const std::string& name) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return failed(name);
    if (!S_ISREG(status.st_mode))
      return refuse("STORE-FAILED", "a blob is not a regular file", name);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> move_in_place(const std::string& temporary, const std::string& name) {
    VEDETTE_TRY(const auto folder, make_folder(root_, name.substr(0, 2)));
    if (::renameat(incoming_.get(), temporary.c_str(), folder.get(), name.c_str()) != 0)
      return failed(name);
    return sync(folder, name);
  }

  UniqueFd root_;
  UniqueFd incoming_;  // holds a shared lock as long as the store is open
  std::atomic<std::uint64_t> serial_ = 0;
};

}  // namespace

Result<std::unique_ptr<release::BlobStore>> open_folder_blob_store(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) return failed(path);
  UniqueFd root{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!root.valid()) return failed(path);
  VEDETTE_TRY(auto incoming, make_folder(root, kIncoming));
  // Leftovers of a crash are removed only while no other process writes here.
  if (::flock(incoming.get(), LOCK_EX | LOCK_NB) == 0) VEDETTE_CHECK(remove_files_in(incoming));
  if (::flock(incoming.get(), LOCK_SH) != 0) return failed(kIncoming);
  return std::make_unique<FolderBlobStore>(std::move(root), std::move(incoming));
}

}  // namespace vedette::platform
