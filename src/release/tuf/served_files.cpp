#include "release/tuf/served_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "release/tuf/limits.h"
#include "release/tuf/target_name.h"

namespace vedette::release::tuf {
namespace {

bool is_plain(std::string_view name) {
  return check_target_name(name) && url_path(name) == name && !name.starts_with('.') &&
         name.find("/.") == std::string_view::npos;
}

// As good as not there: a link among them.
bool means_absent(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EXDEV ||
         error == ENAMETOOLONG;
}

// O_NONBLOCK: opening a FIFO must not wait for its writer.
UniqueFd open_beneath(const UniqueFd& folder, const std::string& name) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return UniqueFd(
      static_cast<int>(::syscall(SYS_openat2, folder.get(), name.c_str(), &how, sizeof how)));
}

Result<std::size_t> read_some(const UniqueFd& file, Bytes& chunk) {
  for (;;) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR)
      return refuse("FILE-READ", "a file of the TUF repository cannot be read", errno_text("read"));
  }
}

}  // namespace

std::uint64_t root_number(std::string_view file) {
  constexpr std::string_view kSuffix = ".root.json";
  if (!file.ends_with(kSuffix)) return 0;
  file.remove_suffix(kSuffix.size());
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(file.data(), file.data() + file.size(), number);
  return fault == std::errc{} && end == file.data() + file.size() ? number : 0;
}

Result<std::optional<ServedFiles::File>> ServedFiles::open(const std::string& name) const {
  const UniqueFd folder{::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  UniqueFd file = folder.valid() ? open_beneath(folder, name) : UniqueFd();
  if (!file.valid()) {
    if (means_absent(errno)) return std::nullopt;
    return refuse("FILE-OPEN", "a file of the TUF repository cannot be opened", errno_text(name));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0)
    return refuse("FILE-OPEN", "a file of the TUF repository cannot be opened", errno_text(name));
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return File{.fd = std::move(file), .size = static_cast<std::uint64_t>(status.st_size)};
}

Result<std::optional<Bytes>> ServedFiles::metadata(std::string_view name) const {
  const bool is_name = is_plain(name) && !name.contains('/') && name.ends_with(".json");
  if (!is_name) return std::nullopt;
  VEDETTE_TRY(const auto file, open("metadata/" + std::string(name)));
  if (!file || file->size > kMaxTargetsOctets) return std::nullopt;
  Bytes octets;
  for (Bytes chunk(std::size_t{64} << 10U);;) {
    VEDETTE_TRY(const std::size_t got, read_some(file->fd, chunk));
    if (got == 0) return octets;
    append(octets, ByteView(chunk).first(got));
    if (octets.size() > kMaxTargetsOctets) return std::nullopt;
  }
}

Result<std::optional<Bytes>> ServedFiles::last_root() const {
  namespace fs = std::filesystem;
  std::uint64_t last = 0;
  std::error_code failed;
  for (fs::directory_iterator entry(path_ + "/metadata", failed), end; !failed && entry != end;
       entry.increment(failed))
    last = std::max(last, root_number(entry->path().filename().string()));
  if (last == 0) return std::nullopt;
  return metadata(std::to_string(last) + ".root.json");
}

Result<std::optional<ServedFiles::File>> ServedFiles::target(std::string_view path) const {
  if (!is_plain(path)) return std::nullopt;
  return open("targets/" + std::string(path));
}

}  // namespace vedette::release::tuf
