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

// Ours, and for nobody else to write to: then nobody but root changes what lies in it.
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

// Whether an open that failed so has found something that is no file of ours. Any other failure
// says nothing of what lies there.
bool is_of_what_lies_there(int error) {
  return error == ELOOP || error == EISDIR || error == ENXIO || error == ENODEV;
}

void remove(const UniqueFd& folder, const std::string& name) {
  if (::unlinkat(folder.get(), name.c_str(), 0) != 0 && errno == EISDIR)
    (void)::unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR);
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

// While it lasts, one writer has the part of that name.
class ModelCache::Claim {
 public:
  Claim(Claims& claims, std::string name, std::uint64_t octets)
      : claims_(claims), name_(std::move(name)) {
    claims_.emplace(name_, octets);
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() { claims_.erase(name_); }

 private:
  Claims& claims_;
  std::string name_;
};

ModelCache::Part::Part(FileIdentity file, UniqueFd fd, std::uint64_t size,
                       std::unique_ptr<Claim> claim)
    : file_(file), fd_(std::move(fd)), size_(size), claim_(std::move(claim)) {}
ModelCache::Part::Part(Part&& other) noexcept = default;
ModelCache::Part& ModelCache::Part::operator=(Part&& other) noexcept = default;
ModelCache::Part::~Part() = default;

ModelCache::ModelCache(UniqueFd folder, std::uint64_t max_bytes)
    : folder_(std::move(folder)), max_bytes_(max_bytes), claims_(std::make_unique<Claims>()) {}

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
  cache.make_room();  // the limit may be a lower one than before
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
  if (!file.valid() && !is_of_what_lies_there(errno)) return file;
  if (file.valid() && ::fstat(file.get(), &status) != 0) return {};
  if (file.valid() && is_fit(status)) return file;
  remove(folder_, name);
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
  const std::string name = part_of(file.sha256);
  if (claims_->contains(name))
    return refuse("CACHE-BUSY", "another download keeps the same file on disk", name,
                  "whichever comes first keeps it");
  if (file.size > max_bytes_ || claimed() > max_bytes_ - file.size)
    return refuse("CACHE-FULL", "a model is larger than what may be kept on disk leaves room for",
                  std::to_string(file.size) + " bytes, beside " + std::to_string(claimed()) +
                      " of other downloads",
                  "raise releases.cache_max_mib");
  auto claim = std::make_unique<Claim>(*claims_, name, file.size);
  UniqueFd fd = take(name, O_RDWR | O_APPEND | O_CREAT);
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return no_write(name);
  auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > file.size) {
    if (::ftruncate(fd.get(), 0) != 0) return no_write(name);
    size = 0;
  }
  make_room();
  return Part(file, std::move(fd), size, std::move(claim));
}

std::uint64_t ModelCache::begun(const FileIdentity& file) const {
  const std::string name = part_of(file.sha256);
  struct stat status{};
  if (claims_->contains(name) ||
      ::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !is_fit(status))
    return 0;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  return size > file.size ? 0 : size;
}

// Whether the part's name still means the file that was written.
bool ModelCache::is_in_place(const Part& part) const {
  struct stat ours{};
  struct stat there{};
  return ::fstat(part.fd(), &ours) == 0 &&
         ::fstatat(folder_.get(), part_of(part.file_.sha256).c_str(), &there,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): it ends here
Result<void> ModelCache::keep(Part part) {
  const std::string name = part_of(part.file_.sha256);
  if (!is_in_place(part))
    return refuse("CACHE-WRITE", "a downloaded model cannot be kept on disk",
                  name + " was taken away", "nothing but the agent may write in its state folder");
  if (::fsync(part.fd()) != 0) return no_write(name);
  if (::renameat(folder_.get(), name.c_str(), folder_.get(), name_of(part.file_.sha256).c_str()) !=
      0)
    return no_write(name);
  if (::fsync(folder_.get()) != 0) return no_write("the folder");
  return {};
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): it ends here
void ModelCache::discard(Part part) {
  if (is_in_place(part)) remove(folder_, part_of(part.file_.sha256));
}

void ModelCache::drop(const Sha256Digest& sha256) {
  remove(folder_, name_of(sha256));
  if (const std::string part = part_of(sha256); !claims_->contains(part)) remove(folder_, part);
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

std::uint64_t ModelCache::claimed() const {
  std::uint64_t octets = 0;
  for (const auto& [name, size] : *claims_)
    octets += size;
  return octets;
}

// What is held stays: its octets would not be free before it is closed.
void ModelCache::make_room() const {
  std::vector<Entry> entries = entries_of(folder_);
  std::erase_if(entries, [&](const Entry& entry) { return claims_->contains(entry.name); });
  std::uint64_t total = claimed();
  for (const Entry& entry : entries)
    total += entry.octets;
  for (const Entry& entry : entries) {
    if (total <= max_bytes_) return;
    if (::unlinkat(folder_.get(), entry.name.c_str(), 0) == 0) total -= entry.octets;
  }
}

}  // namespace vedette::agent
