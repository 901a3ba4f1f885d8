#include "base/new_file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRandomEnd = ".XXXXXX";

// All but its end, which is random, of the name that a file has until it is whole.
std::string beginning_of(const fs::path& path) {
  return "." + path.filename().string();
}

bool ends_at_random(std::string_view name) {
  const std::string_view end = name.substr(name.size() - std::min(name.size(), kRandomEnd.size()));
  return end.size() == kRandomEnd.size() && end.front() == '.' &&
         std::ranges::all_of(end.substr(1), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

Result<void> sync_folder_of(const std::string& path) {
  std::string folder = fs::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd.valid() || ::fsync(fd.get()) != 0)
    return refuse("FILE-SYNC", "a folder could not be synced", errno_text(folder));
  return {};
}

}  // namespace

Result<NewFile> NewFile::beside(const std::string& path) {
  const fs::path place(path);
  std::string temporary =
      (place.parent_path() / (beginning_of(place) + std::string(kRandomEnd))).string();
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

void remove_leftovers(const std::string& path) {
  std::error_code ignored;
  const fs::path whole(path);
  const std::string beginning = beginning_of(whole);
  const fs::path folder = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() == beginning.size() + kRandomEnd.size() && name.starts_with(beginning) &&
        ends_at_random(name))
      fs::remove(entry->path(), ignored);
  }
}

void remove_all_leftovers(const std::string& folder) {
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > kRandomEnd.size() + 1 && name.starts_with('.') && ends_at_random(name) &&
        entry->is_regular_file(ignored))
      fs::remove(entry->path(), ignored);
  }
}

}  // namespace vedette
