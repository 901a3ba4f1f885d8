#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/output_file.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

// Any folder that exists everywhere; what lies under it is hidden for an instant, here only.
constexpr const char* kMountPoint = "/proc";
constexpr unsigned long kRootFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr unsigned long kWritable = ~static_cast<unsigned long>(MS_RDONLY);
constexpr unsigned long kNodeFlags = MS_NOSUID | MS_NOEXEC;

std::unexpected<Error> refuse_root(std::string_view call) {
  return refuse("SBX-CAGE-ROOT", "the worker could not be given an empty root", errno_text(call));
}

std::vector<std::string> nodes_of(const std::vector<Power>& powers) {
  std::vector<std::string> paths;
  for (const Power& power : powers)
    if (const auto* node = std::get_if<DeviceNodePower>(&power)) paths.push_back(node->path);
  return paths;
}

const OutputFilePower* output_of(const std::vector<Power>& powers) {
  for (const Power& power : powers)
    if (const auto* output = std::get_if<OutputFilePower>(&power)) return output;
  return nullptr;
}

// The folders above `path`, each below `root`, and an empty file to bind on.
bool make_place(const std::string& root, const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
    if (::mkdir((root + path.substr(0, at)).c_str(), 0555) != 0 && errno != EEXIST) return false;
  const UniqueFd file{::open((root + path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)};
  return file.valid();
}

// Binds the node itself, not what a link of that name may point to, and nothing but a device.
Result<void> bind_node(const std::string& root, const std::string& path) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) return refuse_root(path);
  if (!S_ISCHR(about.st_mode))
    return refuse("SBX-CAGE-ROOT", "a granted device node is no character device", path);
  if (!make_place(root, path)) return refuse_root(path);
  const std::string place = root + path;
  if (::mount(path.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return refuse_root("bind " + path);
  if (::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT | MS_BIND | kNodeFlags, nullptr) != 0)
    return refuse_root("remount " + path);
  return {};
}

// A file system of its own, with room for one file of that size and no other.
Result<void> mount_output(const std::string& root, const OutputFilePower& power) {
  const std::string folder = root + kOutputFolder;
  const std::string options = "nr_inodes=2,mode=0555,size=" + std::to_string(power.bytes);
  if (::mkdir(folder.c_str(), 0555) != 0) return refuse_root("mkdir");
  if (::mount("none", folder.c_str(), "tmpfs", kRootFlags & kWritable, options.c_str()) != 0)
    return refuse_root("mount output");
  const UniqueFd file{
      ::open((root + kOutputFile).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file.valid()) return refuse_root("create output");
  return {};
}

// With device nodes or an output file, the root is writable for the moment in which their places
// are made.
Result<void> mount_root(const std::vector<Power>& powers) {
  const auto nodes = nodes_of(powers);
  const OutputFilePower* const output = output_of(powers);
  if (nodes.empty() && output == nullptr) {
    // One inode: the root folder itself. Read-only from the first instant.
    if (::mount("none", kMountPoint, "tmpfs", kRootFlags, "size=4096,nr_inodes=1,mode=0555") != 0)
      return refuse_root("mount tmpfs");
    return {};
  }
  if (::mount("none", kMountPoint, "tmpfs", kRootFlags & kWritable,
              "size=64k,nr_inodes=64,mode=0555") != 0)
    return refuse_root("mount tmpfs");
  for (const std::string& node : nodes)
    VEDETTE_CHECK(bind_node(kMountPoint, node));
  if (output != nullptr) return mount_output(kMountPoint, *output);
  return {};
}

}  // namespace

Result<void> empty_root(const std::vector<Power>& powers) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return refuse_root("mount private");
  VEDETTE_CHECK(mount_root(powers));
  if (::chdir(kMountPoint) != 0) return refuse_root("chdir");
  // The old root lands on top of the new one, whence it is detached (pivot_root(2), NOTES).
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return refuse_root("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return refuse_root("umount2");
  if (::chdir("/") != 0) return refuse_root("chdir");
  // Binding again with the flags makes this mount read-only too, not just its file system.
  if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | kRootFlags, nullptr) != 0)
    return refuse_root("remount");
  struct statvfs about{};
  if (::statvfs("/", &about) != 0) return refuse_root("statvfs");
  if ((about.f_flag & ST_RDONLY) == 0 || ::access("/proc/self", F_OK) == 0) {
    errno = EBUSY;
    return refuse_root("the root is not empty and read-only");
  }
  return {};
}

Result<void> empty_host_names() {
  if (::sethostname("", 0) != 0 || ::setdomainname("", 0) != 0)
    return refuse("SBX-CAGE-NAMES", "the host name could not be hidden", errno_text("sethostname"));
  return {};
}

}  // namespace vedette::inference::sandbox
