#include "inference/host/system_call_name.h"

#include <algorithm>
#include <array>

#include <linux/audit.h>
#include <sys/syscall.h>

namespace vedette::inference {

namespace {

struct Row {
  std::int32_t number;
  std::string_view name;
};

#define VEDETTE_CALL(name) \
  Row {                    \
    SYS_##name, #name      \
  }

// Those of the first block exist on x86-64 alone.
constexpr std::array kCalls = {
#if defined(__x86_64__)
    VEDETTE_CALL(arch_prctl),
    VEDETTE_CALL(fork),
    VEDETTE_CALL(modify_ldt),
    VEDETTE_CALL(open),
    VEDETTE_CALL(stat),
    VEDETTE_CALL(vfork),
#endif
    VEDETTE_CALL(accept),
    VEDETTE_CALL(accept4),
    VEDETTE_CALL(acct),
    VEDETTE_CALL(add_key),
    VEDETTE_CALL(bind),
    VEDETTE_CALL(bpf),
    VEDETTE_CALL(brk),
    VEDETTE_CALL(capget),
    VEDETTE_CALL(capset),
    VEDETTE_CALL(chdir),
    VEDETTE_CALL(chroot),
    VEDETTE_CALL(clock_gettime),
    VEDETTE_CALL(clone),
    VEDETTE_CALL(clone3),
    VEDETTE_CALL(close),
    VEDETTE_CALL(close_range),
    VEDETTE_CALL(connect),
    VEDETTE_CALL(delete_module),
    VEDETTE_CALL(dup),
    VEDETTE_CALL(dup3),
    VEDETTE_CALL(epoll_create1),
    VEDETTE_CALL(eventfd2),
    VEDETTE_CALL(execve),
    VEDETTE_CALL(execveat),
    VEDETTE_CALL(exit),
    VEDETTE_CALL(faccessat2),
    VEDETTE_CALL(fanotify_init),
    VEDETTE_CALL(fchmodat),
    VEDETTE_CALL(fchownat),
    VEDETTE_CALL(fcntl),
    VEDETTE_CALL(finit_module),
    VEDETTE_CALL(flock),
    VEDETTE_CALL(fstat),
    VEDETTE_CALL(fsync),
    VEDETTE_CALL(ftruncate),
    VEDETTE_CALL(futex),
    VEDETTE_CALL(getcwd),
    VEDETTE_CALL(getdents64),
    VEDETTE_CALL(getpid),
    VEDETTE_CALL(getppid),
    VEDETTE_CALL(getrandom),
    VEDETTE_CALL(getsockopt),
    VEDETTE_CALL(gettid),
    VEDETTE_CALL(getuid),
    VEDETTE_CALL(init_module),
    VEDETTE_CALL(inotify_init1),
    VEDETTE_CALL(io_uring_enter),
    VEDETTE_CALL(io_uring_register),
    VEDETTE_CALL(io_uring_setup),
    VEDETTE_CALL(ioctl),
    VEDETTE_CALL(kcmp),
    VEDETTE_CALL(kexec_load),
    VEDETTE_CALL(keyctl),
    VEDETTE_CALL(kill),
    VEDETTE_CALL(landlock_add_rule),
    VEDETTE_CALL(landlock_create_ruleset),
    VEDETTE_CALL(landlock_restrict_self),
    VEDETTE_CALL(linkat),
    VEDETTE_CALL(listen),
    VEDETTE_CALL(lseek),
    VEDETTE_CALL(madvise),
    VEDETTE_CALL(mbind),
    VEDETTE_CALL(membarrier),
    VEDETTE_CALL(memfd_create),
    VEDETTE_CALL(memfd_secret),
    VEDETTE_CALL(mkdirat),
    VEDETTE_CALL(mmap),
    VEDETTE_CALL(mount),
    VEDETTE_CALL(move_pages),
    VEDETTE_CALL(mprotect),
    VEDETTE_CALL(mq_open),
    VEDETTE_CALL(mremap),
    VEDETTE_CALL(msgget),
    VEDETTE_CALL(msync),
    VEDETTE_CALL(munmap),
    VEDETTE_CALL(name_to_handle_at),
    VEDETTE_CALL(nanosleep),
    VEDETTE_CALL(open_by_handle_at),
    VEDETTE_CALL(openat),
    VEDETTE_CALL(openat2),
    VEDETTE_CALL(perf_event_open),
    VEDETTE_CALL(personality),
    VEDETTE_CALL(pidfd_getfd),
    VEDETTE_CALL(pidfd_open),
    VEDETTE_CALL(pidfd_send_signal),
    VEDETTE_CALL(pipe2),
    VEDETTE_CALL(pivot_root),
    VEDETTE_CALL(prctl),
    VEDETTE_CALL(pread64),
    VEDETTE_CALL(prlimit64),
    VEDETTE_CALL(process_madvise),
    VEDETTE_CALL(process_vm_readv),
    VEDETTE_CALL(process_vm_writev),
    VEDETTE_CALL(ptrace),
    VEDETTE_CALL(pwrite64),
    VEDETTE_CALL(quotactl),
    VEDETTE_CALL(read),
    VEDETTE_CALL(readlinkat),
    VEDETTE_CALL(readv),
    VEDETTE_CALL(reboot),
    VEDETTE_CALL(recvfrom),
    VEDETTE_CALL(recvmsg),
    VEDETTE_CALL(request_key),
    VEDETTE_CALL(restart_syscall),
    VEDETTE_CALL(rseq),
    VEDETTE_CALL(rt_sigaction),
    VEDETTE_CALL(rt_sigprocmask),
    VEDETTE_CALL(rt_sigreturn),
    VEDETTE_CALL(sched_setaffinity),
    VEDETTE_CALL(sched_setscheduler),
    VEDETTE_CALL(sched_yield),
    VEDETTE_CALL(seccomp),
    VEDETTE_CALL(semget),
    VEDETTE_CALL(sendfile),
    VEDETTE_CALL(sendmsg),
    VEDETTE_CALL(sendto),
    VEDETTE_CALL(set_robust_list),
    VEDETTE_CALL(set_tid_address),
    VEDETTE_CALL(setgid),
    VEDETTE_CALL(sethostname),
    VEDETTE_CALL(setns),
    VEDETTE_CALL(setresuid),
    VEDETTE_CALL(setrlimit),
    VEDETTE_CALL(setsockopt),
    VEDETTE_CALL(setuid),
    VEDETTE_CALL(shmat),
    VEDETTE_CALL(shmctl),
    VEDETTE_CALL(shmget),
    VEDETTE_CALL(shutdown),
    VEDETTE_CALL(socket),
    VEDETTE_CALL(socketpair),
    VEDETTE_CALL(splice),
    VEDETTE_CALL(statx),
    VEDETTE_CALL(swapon),
    VEDETTE_CALL(symlinkat),
    VEDETTE_CALL(syslog),
    VEDETTE_CALL(tee),
    VEDETTE_CALL(tgkill),
    VEDETTE_CALL(timer_create),
    VEDETTE_CALL(umount2),
    VEDETTE_CALL(uname),
    VEDETTE_CALL(unlinkat),
    VEDETTE_CALL(unshare),
    VEDETTE_CALL(userfaultfd),
    VEDETTE_CALL(vmsplice),
    VEDETTE_CALL(wait4),
    VEDETTE_CALL(write),
    VEDETTE_CALL(writev),
};

#undef VEDETTE_CALL

#if defined(__x86_64__)
constexpr std::uint32_t kNative = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kNative = AUDIT_ARCH_AARCH64;
#endif

}  // namespace

std::string_view system_call_name(std::uint32_t architecture, std::int32_t number) {
  if (architecture != kNative) return "unknown";
  const auto* const row = std::ranges::find(kCalls, number, &Row::number);
  return row == kCalls.end() ? "unknown" : row->name;
}

}  // namespace vedette::inference
