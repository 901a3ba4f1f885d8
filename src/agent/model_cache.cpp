#include "agent/model_cache.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "release/digest_text.h"

namespace vedette::agent {

namespace {

using crypto::Sha256Digest;
using release::FileIdentity;

constexpr mode_t kFolderMode = S_IRWXU;
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;
constexpr std::size_t kChunk = std::size_t{256} * 1024;
constexpr std::string_view kPart = ".part";

std::unexpected<Error> no_folder(std::string cause) {
  return refuse("CACHE-FOLDER", "the folder of downloaded models cannot be used", std::move(cause));
}

std::unexpected<Error> no_write(std::string_view what) {
  return refuse("CACHE-WRITE", "a downloaded model cannot be kept on disk", errno_text(what));
}

std::string name_of(const Sha256Digest& sha256) {
  return to_hex(sha256);
}

std::string part_of(const Sha256Digest& sha256) {
  return name_of(sha256) + std::string(kPart);
}

// Ours alone, or root's: then nobody else changes what lies in it.
Result<void> check_folder(const UniqueFd& folder, const std::string& path) {
  struct stat status{};
  if (::fstat(folder.get(), &status) != 0) return no_folder(errno_text(path));
  if (status.st_uid != ::geteuid()) return no_folder(path + " belongs to somebody else");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return no_folder("others can write to " + path);
  return {};
}

bool is_fit(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

struct Entry {
  std::string name;
  std::uint64_t octets = 0;
  timespec used{};
};

bool used_before(const Entry& left, const Entry& right) {
  return std::pair(left.used.tv_sec, left.used.tv_nsec) <
         std::pair(right.used.tv_sec, right.used.tv_nsec);
}

bool is_ours(std::string_view name) {
  if (name.ends_with(kPart)) name.remove_suffix(kPart.size());
  return release::parse_digest(name).has_value();
}

struct ListingCloser {
  void operator()(DIR* listing) const { ::closedir(listing); }
};

// The least lately used first.
std::vector<Entry> entries_of(const UniqueFd& folder) {
  std::vector<Entry> entries;
  UniqueFd copy{::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!copy.valid()) return entries;
  const std::unique_ptr<DIR, ListingCloser> listing{::fdopendir(copy.get())};
  if (!listing) return entries;
  static_cast<void>(copy.release());  // the listing closes it
  while (const dirent* found = ::readdir(listing.get())) {
    const std::string name(static_cast<const char*>(found->d_name));
    struct stat status{};
    if (!is_ours(name) || ::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    entries.push_back({name, static_cast<std::uint64_t>(status.st_size), status.st_mtim});
  }
  std::ranges::sort(entries, used_before);
  return entries;
}

}  // namespace

Result<void> ModelCache::Part::append(ByteView octets) {
  if (octets.size() > file_.size - size_)
    return refuse("CACHE-WRITE", "a downloaded model is longer than it was to be");
  size_ += octets.size();
  while (!octets.empty()) {
    const ssize_t written = ::write(fd_.get(), octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return no_write("write");
    octets = octets.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<ModelCache> ModelCache::open(const std::string& folder, std::uint64_t max_bytes) {
  if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST)
    return no_folder(errno_text(folder));
  UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd.valid()) return no_folder(errno_text(folder));
  VEDETTE_CHECK(check_folder(fd, folder));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return no_folder(errno == EWOULDBLOCK ? folder + ": another process uses it"
                                          : errno_text(folder));
  ModelCache cache(std::move(fd), max_bytes);
  cache.make_room(0, {});  // the limit may be a lower one than before
  return cache;
}

// O_NONBLOCK: a pipe that was put there must not be waited for; for a file it means nothing.
UniqueFd ModelCache::take(const std::string& name, int flags) const {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  how.mode = (flags & O_CREAT) != 0 ? kFileMode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const auto open_it = [&] {
    return UniqueFd(
        static_cast<int>(::syscall(SYS_openat2, folder_.get(), name.c_str(), &how, sizeof how)));
  };
  UniqueFd file = open_it();
  struct stat status{};
  if (!file.valid() && errno == ENOENT) return file;
  if (file.valid() && ::fstat(file.get(), &status) == 0 && is_fit(status)) return file;
  (void)::unlinkat(folder_.get(), name.c_str(), 0);
  return (flags & O_CREAT) != 0 ? open_it() : UniqueFd();
}

std::optional<UniqueFd> ModelCache::find(const FileIdentity& file) {
  UniqueFd fd = take(name_of(file.sha256), O_RDONLY);
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return std::nullopt;
  if (static_cast<std::uint64_t>(status.st_size) != file.size) return std::nullopt;
  (void)::futimens(fd.get(), nullptr);  // the last used one; if not, it goes earlier
  return fd;
}

Result<ModelCache::Part> ModelCache::begin(const FileIdentity& file) {
  if (file.size > max_bytes_)
    return refuse("CACHE-FULL", "a model is larger than all that may be kept on disk",
                  std::to_string(file.size) + " bytes", "raise releases.cache_max_mib");
  const std::string name = part_of(file.sha256);
  UniqueFd fd = take(name, O_RDWR | O_APPEND | O_CREAT);
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return no_write(name);
  auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > file.size) {
    if (::ftruncate(fd.get(), 0) != 0) return no_write(name);
    size = 0;
  }
  make_room(file.size, name);
  return Part(file, std::move(fd), size);
}

Result<void> ModelCache::keep(Part part) {
  const std::string name = part_of(part.file_.sha256);
  if (::fsync(part.fd()) != 0) return no_write(name);
  if (::renameat(folder_.get(), name.c_str(), folder_.get(), name_of(part.file_.sha256).c_str()) !=
      0)
    return no_write(name);
  if (::fsync(folder_.get()) != 0) return no_write("the folder");
  return {};
}

void ModelCache::drop(const Sha256Digest& sha256) {
  for (const std::string& name : {name_of(sha256), part_of(sha256)})
    (void)::unlinkat(folder_.get(), name.c_str(), 0);
}

std::vector<Sha256Digest> ModelCache::files(std::size_t most) const {
  std::vector<Sha256Digest> files;
  const std::vector<Entry> entries = entries_of(folder_);
  for (auto entry = entries.rbegin(); entry != entries.rend() && files.size() < most; ++entry)
    if (const auto digest = release::parse_digest(entry->name)) files.push_back(*digest);
  return files;
}

Result<void> read_all(int fd, const std::function<Result<void>(ByteView)>& sink) {
  Bytes chunk(kChunk);
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, chunk.data(), chunk.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("FILE-READ", "a file could not be read", errno_text("pread"));
    if (got == 0) return {};
    VEDETTE_CHECK(sink(ByteView(chunk).first(static_cast<std::size_t>(got))));
    at += got;
  }
}

// `besides` is what the room is for.
void ModelCache::make_room(std::uint64_t octets, const std::string& besides) const {
  std::vector<Entry> entries = entries_of(folder_);
  std::erase_if(entries, [&](const Entry& entry) { return entry.name == besides; });
  std::uint64_t total = octets;
  for (const Entry& entry : entries)
    total += entry.octets;
  for (const Entry& entry : entries) {
    if (total <= max_bytes_) return;
    if (::unlinkat(folder_.get(), entry.name.c_str(), 0) == 0) total -= entry.octets;
  }
}

}  // namespace vedette::agent
