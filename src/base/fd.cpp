#include "base/fd.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/new_file.h"

namespace vedette {

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
  Bytes chunk(std::size_t{64} * 1024);
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
  VEDETTE_TRY(NewFile file, NewFile::beside(path));
  VEDETTE_CHECK(file.append(content));
  return file.put_in_place(mode);
}

}  // namespace vedette
