#include "base/fd.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette {

namespace {

Result<void> write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return refuse("FILE-WRITE", "a file could not be written", errno_text("write"));
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.valid() || ::fsync(fd.get()) != 0)
    return refuse("FILE-SYNC", "a folder could not be synced", errno_text(folder));
  return {};
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) reset(other.release());
  return *this;
}

int UniqueFd::release() {
  return std::exchange(fd_, -1);
}

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

std::string errno_text(std::string_view what) {
  const int number = errno;
  return std::string(what) + ": " + std::strerror(number);
}

Result<Bytes> read_file(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.valid()) return refuse("FILE-OPEN", "a file could not be opened", errno_text(path));
  Bytes content;
  Bytes chunk(64 * 1024);
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("FILE-READ", "a file could not be read", errno_text(path));
    if (got == 0) return content;
    append(content, ByteView(chunk).first(static_cast<std::size_t>(got)));
    if (content.size() > max_bytes)
      return refuse("FILE-SIZE", "a file is larger than it may be",
                    path + ": more than " + std::to_string(max_bytes) + " bytes");
  }
}

Result<void> write_file_atomically(const std::string& path, ByteView content, unsigned mode) {
  std::string temporary = path + ".XXXXXX";
  const UniqueFd fd{::mkostemp(temporary.data(), O_CLOEXEC)};
  if (!fd.valid()) return refuse("FILE-CREATE", "a file could not be created", errno_text(path));
  auto done = write_all(fd.get(), content);
  if (done && ::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0)
    done = refuse("FILE-MODE", "a file's permissions could not be set", errno_text(temporary));
  if (done && ::fsync(fd.get()) != 0)
    done = refuse("FILE-SYNC", "a file could not be synced", errno_text(temporary));
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0)
    done = refuse("FILE-RENAME", "a file could not be put in place", errno_text(path));
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return sync_folder_of(path);
}

}  // namespace vedette
