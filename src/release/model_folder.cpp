#include "release/model_folder.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "release/oms_manifest.h"

namespace vedette::release {
namespace {

constexpr std::size_t kMaxDepth = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

struct Folder {
  std::string name;  // empty at the top
  std::size_t depth = 0;
};

std::unexpected<Error> refuse_open(const std::string& name, int error) {
  if (error == ENOENT || error == ENOTDIR)
    return refuse("OMS-MISSING", "a file of the model is not there", name);
  if (error == ELOOP)
    return refuse("OMS-SYMLINK", "symbolic links are not followed in a model", name,
                  "put the file itself into the model's folder");
  return refuse("OMS-OPEN", "a file of the model cannot be opened",
                name + ": " + std::strerror(error));
}

// O_NONBLOCK: opening a FIFO that was swapped in must not wait for its writer.
Result<UniqueFd> open_beneath(int root, const std::string& name, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const long fd = ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof how);
  if (fd < 0) return refuse_open(name, errno);
  return UniqueFd(static_cast<int>(fd));
}

Result<void> check_regular(const struct stat& status, const std::string& name) {
  if (S_ISLNK(status.st_mode)) return refuse_open(name, ELOOP);
  if (!S_ISREG(status.st_mode))
    return refuse("OMS-FILETYPE", "a model consists of regular files alone", name);
  if (status.st_nlink != 1)
    return refuse("OMS-HARDLINK", "a file of the model has a second name that could change it",
                  name, "copy the file instead of linking it");
  return {};
}

Result<Directory> open_directory(int root, const std::string& name) {
  VEDETTE_TRY(UniqueFd fd, open_beneath(root, name.empty() ? "." : name, O_DIRECTORY));
  Directory directory(::fdopendir(fd.get()));
  if (directory == nullptr)
    return refuse("OMS-READ", "a folder of the model cannot be read", errno_text(name));
  std::ignore = fd.release();
  return directory;
}

// The names in a folder, without `.` and `..`.
Result<std::vector<std::string>> names_in(DIR* directory, const std::string& name) {
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view text = entry->d_name;
    if (text != "." && text != "..") names.emplace_back(text);
    if (names.size() > kMaxResources)
      return refuse("OMS-SIZE", "a folder of the model has too many entries", name);
  }
  if (errno != 0)
    return refuse("OMS-READ", "a folder of the model cannot be read", errno_text(name));
  return names;
}

// Collects files and folders yet to be read.
class Walk {
 public:
  Walk(int root, const std::set<std::string, std::less<>>& ignored)
      : root_(root), ignored_(ignored) {}

  Result<std::vector<FoundFile>> run() {
    while (!folders_.empty()) {
      const Folder folder = std::move(folders_.back());
      folders_.pop_back();
      VEDETTE_CHECK(read(folder));
    }
    return std::move(files_);
  }

 private:
  Result<void> read(const Folder& folder) {
    VEDETTE_TRY(const Directory directory, open_directory(root_, folder.name));
    VEDETTE_TRY(const std::vector<std::string> names, names_in(directory.get(), folder.name));
    for (const std::string& name : names) {
      const std::string path = folder.name.empty() ? name : folder.name + "/" + name;
      if (ignored_.contains(path)) continue;
      VEDETTE_CHECK(visit(::dirfd(directory.get()), name, path, folder.depth));
    }
    return {};
  }

  Result<void> visit(int directory, const std::string& name, const std::string& path,
                     std::size_t depth) {
    if (!is_safe_path(path))
      return refuse("OMS-NAME", "a file's name cannot be signed", path.substr(0, 200),
                    "use UTF-8 without control characters or backslashes");
    struct stat status{};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return refuse_open(path, errno);
    if (S_ISDIR(status.st_mode)) return enter(path, depth + 1);
    VEDETTE_CHECK(check_regular(status, path));
    files_.push_back({.name = path, .size = static_cast<std::uint64_t>(status.st_size)});
    return check_count();
  }

  Result<void> enter(const std::string& path, std::size_t depth) {
    if (depth > kMaxDepth)
      return refuse("OMS-DEPTH", "the model's folders lie too deep in each other",
                    path.substr(0, 200));
    folders_.push_back({.name = path, .depth = depth});
    return check_count();
  }

  Result<void> check_count() {
    if (++count_ <= kMaxResources) return {};
    return refuse("OMS-SIZE", "the model has too many files", "more than 100000");
  }

  int root_;
  const std::set<std::string, std::less<>>& ignored_;
  std::vector<Folder> folders_{Folder{}};
  std::vector<FoundFile> files_;
  std::size_t count_ = 0;
};

}  // namespace

Result<ModelFolder> ModelFolder::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) {
    const int error = errno;
    if (error == ELOOP) return refuse_open(path, error);
    return refuse("OMS-OPEN", "the model cannot be opened", path + ": " + std::strerror(error));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0)
    return refuse("OMS-OPEN", "the model cannot be opened", errno_text(path));
  if (S_ISDIR(status.st_mode)) return ModelFolder(std::move(fd), false, 0);
  VEDETTE_CHECK(check_regular(status, path));
  return ModelFolder(std::move(fd), true, static_cast<std::uint64_t>(status.st_size));
}

Result<std::vector<FoundFile>> ModelFolder::list(
    const std::set<std::string, std::less<>>& ignored) const {
  if (single_file_)
    return std::vector<FoundFile>{
        {.name = std::string(kSingleFileResource), .size = single_file_size_}};
  return Walk(fd_.get(), ignored).run();
}

Result<UniqueFd> ModelFolder::open_file(const std::string& name) const {
  const bool whole = name == kSingleFileResource;
  if (whole != single_file_)
    return refuse("OMS-MISSING", "a single file was signed and a folder is here, or the reverse",
                  name);
  if (whole) {
    UniqueFd copy(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.valid() || ::lseek(copy.get(), 0, SEEK_SET) != 0)
      return refuse("OMS-OPEN", "the model cannot be opened", errno_text(name));
    return copy;
  }
  VEDETTE_TRY(UniqueFd fd, open_beneath(fd_.get(), name, 0));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0)
    return refuse("OMS-OPEN", "a file of the model cannot be opened", errno_text(name));
  VEDETTE_CHECK(check_regular(status, name));
  return fd;
}

}  // namespace vedette::release
