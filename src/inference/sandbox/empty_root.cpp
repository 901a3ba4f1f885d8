#include <cerrno>

#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

// Any folder that exists everywhere; what lies under it is hidden for an instant, here only.
constexpr const char* kMountPoint = "/proc";
constexpr unsigned long kRootFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

std::unexpected<Error> refuse_root(std::string_view call) {
  return refuse("SBX-CAGE-ROOT", "the worker could not be given an empty root", errno_text(call));
}

}  // namespace

Result<void> empty_root() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return refuse_root("mount private");
  // One inode: the root folder itself. Read-only from the first instant.
  if (::mount("none", kMountPoint, "tmpfs", kRootFlags, "size=4096,nr_inodes=1,mode=0555") != 0)
    return refuse_root("mount tmpfs");
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

Result<void> close_all_descriptors() {
  if (::syscall(SYS_close_range, 0U, ~0U, 0U) != 0)
    return refuse("SBX-CAGE-FDS", "the inherited descriptors could not be closed",
                  errno_text("close_range"));
  return {};
}

}  // namespace vedette::inference::sandbox
