// Group 1: files, and what makes some reachable. Nothing here does harm where it succeeds.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

namespace vedette::testing {

namespace {

constexpr int kRead = O_RDONLY | O_CLOEXEC;
// As a caller would find them had it inherited any: the first ones that a program gets.
constexpr int kInherited = 3;

Call open_at(std::string_view path, int flags = kRead) {
  return call(SYS_openat, AT_FDCWD, text(path), flags, 0600);
}

Acts openings() {
  const open_how how{.flags = kRead, .mode = 0, .resolve = 0};
  const std::uint64_t handle = scratch(256);
  const std::uint64_t mount_id = scratch(sizeof(int));
  return {
      act("open", open_at("/etc/passwd")),
      act("open-the-root", open_at("/", kRead | O_DIRECTORY)),
      act("open-a-path-only", open_at("/", O_PATH | O_CLOEXEC)),
      act("create", open_at("/tmp/vedette-hostile", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)),
      act("create-nameless", open_at("/", O_TMPFILE | O_RDWR | O_CLOEXEC)),
      act("openat2", call(SYS_openat2, AT_FDCWD, text("/etc/passwd"), put(how), sizeof how)),
      act("name-to-handle",
          call(SYS_name_to_handle_at, AT_FDCWD, text("/etc/passwd"), handle, mount_id, 0)),
      act("open-by-handle", call(SYS_open_by_handle_at, AT_FDCWD, handle, kRead)),
      act("proc-self-mem", open_at("/proc/self/mem", O_RDWR | O_CLOEXEC)),
      act("proc-self-root", open_at("/proc/self/root/etc/passwd")),
      act("proc-self-fd", open_at("/proc/self/fd/3")),
      act("proc-self-exe", open_at("/proc/self/exe")),
      act("proc-self-environ", open_at("/proc/self/environ")),
      act("proc-1-maps", open_at("/proc/1/maps")),
      act("sys", open_at("/sys/kernel/notes")),
      act("device-memory", open_at("/dev/mem", O_RDWR | O_CLOEXEC)),
      act("device-kvm", open_at("/dev/kvm", O_RDWR | O_CLOEXEC)),
      act("inherited-directory", call(SYS_openat, kInherited, text("passwd"), kRead, 0)),
      act("inherited-directory-by-dots",
          call(SYS_openat, kInherited, text("../etc/passwd"), kRead, 0)),
  };
}

Acts changes() {
  const std::uint64_t path = text("/vedette-hostile");
  const std::uint64_t other = text("/vedette-hostile-too");
  return {
      act("mkdir", call(SYS_mkdirat, AT_FDCWD, path, 0700)),
      act("mknod", call(SYS_mknodat, AT_FDCWD, path, 0020600, 0x103)),  // like /dev/null
      act("unlink", call(SYS_unlinkat, AT_FDCWD, path, 0)),
      act("rename", call(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, 0)),
      act("link", call(SYS_linkat, AT_FDCWD, text("/etc/passwd"), AT_FDCWD, path, 0)),
      act("symlink", call(SYS_symlinkat, text("/etc/passwd"), AT_FDCWD, path)),
      act("truncate", call(SYS_truncate, path, 0)),
      act("chmod", call(SYS_fchmodat, AT_FDCWD, path, 0777)),
      act("chown", call(SYS_fchownat, AT_FDCWD, path, 0, 0, 0)),
      act("set-attribute", call(SYS_setxattr, path, text("user.x"), text("y"), 1, 0)),
      act("touch", call(SYS_utimensat, AT_FDCWD, path, 0, 0)),
  };
}

Acts looks() {
  const std::uint64_t room = scratch(4096);
  return {
      act("stat", call(SYS_newfstatat, AT_FDCWD, text("/etc/passwd"), room, 0)),
      act("statx", call(SYS_statx, AT_FDCWD, text("/etc/passwd"), 0, 0x7FF, room)),
      act("access", call(SYS_faccessat, AT_FDCWD, text("/etc/passwd"), R_OK)),
      act("read-link", call(SYS_readlinkat, AT_FDCWD, text("/proc/self/exe"), room, 4096)),
      filtered("working-directory", call(SYS_getcwd, room, 4096)),
      act("list-a-directory", call(SYS_getdents64, kInherited, room, 4096)),
      act("watch-by-inotify", call(SYS_inotify_init1, IN_CLOEXEC)),
      act("watch-by-fanotify", call(SYS_fanotify_init, 0, kRead)),
      filtered("statfs-of-the-root", call(SYS_statfs, text("/"), room)),
  };
}

Acts roots() {
  constexpr unsigned kDetached = 1;  // OPEN_TREE_CLONE
  return {
      act("chdir", call(SYS_chdir, text("/etc"))),
      act("fchdir", call(SYS_fchdir, kInherited)),
      act("chroot", call(SYS_chroot, text("."))),
      act("chroot-and-climb", call(SYS_chroot, text("/")), open_at("../../../etc/passwd")),
      act("pivot-back", call(SYS_pivot_root, text("."), text("."))),
      act("mount-tmpfs", call(SYS_mount, text("none"), text("/proc"), text("tmpfs"), 0, 0)),
      act("mount-proc", call(SYS_mount, text("none"), text("/proc"), text("proc"), 0, 0)),
      act("remount-writable", call(SYS_mount, 0, text("/"), 0, MS_REMOUNT | MS_BIND, 0)),
      act("umount", call(SYS_umount2, text("/proc"), UMOUNT_NOFOLLOW)),
      act("fsopen", call(SYS_fsopen, text("tmpfs"), 1)),
      act("fsmount", call(SYS_fsmount, kInherited, 1, 0)),
      act("open-tree", call(SYS_open_tree, AT_FDCWD, text("/"), kDetached)),
      act("move-mount", call(SYS_move_mount, kInherited, text(""), AT_FDCWD, text("/"), 4)),
      act("mount-attributes", call(SYS_mount_setattr, AT_FDCWD, text("/"), 0, scratch(32), 32)),
      act("swap-on", call(SYS_swapon, text("/vedette-hostile"), 0)),
      act("swap-off", call(SYS_swapoff, text("/vedette-hostile"))),
      act("process-accounting", call(SYS_acct, text("/vedette-hostile"))),
      filtered("quota", call(SYS_quotactl, 0x80000100U, 0, 0, scratch(128))),  // Q_SYNC
      filtered("sync", call(SYS_sync)),
  };
}

Acts programs() {
  const std::array<std::uint64_t, 4> words{text("/bin/sh"), text("-c"), text("exit 42"), 0};
  const std::uint64_t arguments = put(words);
  const std::uint64_t environment = put(std::uint64_t{0});
  return {
      act("execute", call(SYS_execve, text("/bin/sh"), arguments, environment)),
      act("execute-at", call(SYS_execveat, AT_FDCWD, text("/bin/sh"), arguments, environment, 0)),
      act("execute-a-descriptor",
          call(SYS_execveat, kInherited, text(""), arguments, environment, AT_EMPTY_PATH)),
      act("execute-a-memfd", call(SYS_memfd_create, text("x"), 0),
          call(SYS_execveat, kLastResult, text(""), arguments, environment, AT_EMPTY_PATH)),
      act("execute-itself", call(SYS_execve, text("/proc/self/exe"), arguments, environment)),
  };
}

}  // namespace

Acts file_acts() {
  Acts acts;
  for (const auto& part : {openings(), changes(), looks(), roots(), programs()})
    acts.insert(acts.end(), part.begin(), part.end());
  return acts;
}

}  // namespace vedette::testing
