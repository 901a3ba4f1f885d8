#include "base/new_file.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette {

namespace {

Result<void> sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.valid() || ::fsync(fd.get()) != 0)
    return refuse("FILE-SYNC", "a folder could not be synced", errno_text(folder));
  return {};
}

}  // namespace

Result<NewFile> NewFile::beside(const std::string& path) {
  std::string temporary = path + ".XXXXXX";
  UniqueFd fd{::mkostemp(temporary.data(), O_CLOEXEC)};
  if (!fd.valid()) return refuse("FILE-CREATE", "a file could not be created", errno_text(path));
  return NewFile(std::move(fd), std::move(temporary), path);
}

NewFile::~NewFile() {
  if (fd_.valid()) ::unlink(temporary_.c_str());
}

Result<void> NewFile::append(ByteView octets) const {
  while (!octets.empty()) {
    const ssize_t written = ::write(fd_.get(), octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return refuse("FILE-WRITE", "a file could not be written", errno_text(temporary_));
    octets = octets.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> NewFile::put_in_place(unsigned mode) {
  if (::fchmod(fd_.get(), static_cast<mode_t>(mode)) != 0)
    return refuse("FILE-MODE", "a file's permissions could not be set", errno_text(temporary_));
  if (::fsync(fd_.get()) != 0)
    return refuse("FILE-SYNC", "a file could not be synced", errno_text(temporary_));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    return refuse("FILE-RENAME", "a file could not be put in place", errno_text(path_));
  fd_.reset();
  return sync_folder_of(path_);
}

}  // namespace vedette
