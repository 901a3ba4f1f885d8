#include "platform/tuf/whole_files.h"

#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette::platform {

namespace {

constexpr mode_t kFolderMode = 0755;
constexpr mode_t kFileMode = 0644;  // metadata and targets are public
constexpr std::size_t kChunk = std::size_t{64} * 1024;
constexpr std::string_view kUnfinished = ".unfinished-";

std::unexpected<Error> failed(std::string_view what) {
  return refuse("STORE-FAILED", "a folder of TUF files cannot be used", errno_text(what));
}

Result<void> write_all(const UniqueFd& file, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write");
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

struct ListingCloser {
  void operator()(DIR* listing) const { ::closedir(listing); }
};

Result<void> remove_unfinished(const UniqueFd& folder) {
  UniqueFd copy{::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!copy.valid()) return failed("list");
  const std::unique_ptr<DIR, ListingCloser> listing{::fdopendir(copy.get())};
  if (!listing) return failed("list");
  static_cast<void>(copy.release());  // the listing closes it
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name(static_cast<const char*>(entry->d_name));
    if (name.starts_with(kUnfinished) && ::unlinkat(folder.get(), name.c_str(), 0) != 0)
      return failed(name);
  }
  return {};
}

Result<void> check_regular(const UniqueFd& file, const std::string& name) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failed(name);
  if (S_ISREG(status.st_mode)) return {};
  return refuse("STORE-FAILED", "a TUF file is not a regular file", name);
}

}  // namespace

Result<WholeFiles> WholeFiles::open(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) return failed(path);
  UniqueFd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.valid()) return failed(path);
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed(path);
    return refuse("STORE-LOCKED", "another process uses this folder of TUF files", path);
  }
  VEDETTE_CHECK(remove_unfinished(folder));
  return WholeFiles(std::move(folder));
}

Result<bool> WholeFiles::read(const std::string& name, const Sink& sink) const {
  // Not to wait for ever if somebody put a pipe there; the flag means nothing for a file.
  const UniqueFd file{
      ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!file.valid() && errno == ENOENT) return false;
  if (!file.valid()) return failed(name);
  VEDETTE_CHECK(check_regular(file, name));
  Bytes chunk(kChunk);
  for (;;) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(name);
    if (got == 0) return true;
    VEDETTE_CHECK(sink(ByteView(chunk).first(static_cast<std::size_t>(got))));
  }
}

Result<void> WholeFiles::replace(const std::string& name, const Fill& fill) {
  const std::string unfinished = std::string(kUnfinished) + std::to_string(::getpid());
  const UniqueFd file{::openat(folder_.get(), unfinished.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode)};
  if (!file.valid()) return failed(unfinished);
  auto done = fill([&](ByteView piece) { return write_all(file, piece); });
  if (done && ::fsync(file.get()) != 0) done = failed(name);
  if (done && ::renameat(folder_.get(), unfinished.c_str(), folder_.get(), name.c_str()) != 0)
    done = failed(name);
  if (!done) {
    ::unlinkat(folder_.get(), unfinished.c_str(), 0);
    return done;
  }
  if (::fsync(folder_.get()) != 0) return failed(name);
  return {};
}

Result<void> WholeFiles::remove(const std::string& name) {
  if (::unlinkat(folder_.get(), name.c_str(), 0) != 0 && errno != ENOENT) return failed(name);
  if (::fsync(folder_.get()) != 0) return failed(name);
  return {};
}

}  // namespace vedette::platform
