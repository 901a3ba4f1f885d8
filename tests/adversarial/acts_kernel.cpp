// Group 3: the kernel's surface. What root could do harm with is asked for in a way that the kernel
// refuses after it has looked at the privilege.
#include <csignal>

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "act.h"

namespace vedette::testing {

namespace {

constexpr int kInherited = 3;

Acts large_interfaces() {
  perf_event_attr event{};
  event.type = PERF_TYPE_SOFTWARE;
  event.size = sizeof event;
  event.exclude_kernel = 1;
  const std::array<bpf_insn, 2> program{bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                                        bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insn_cnt = program.size();
  load.insns = put(program);
  load.license = text("GPL");
  bpf_attr map{};
  map.map_type = BPF_MAP_TYPE_ARRAY;
  map.key_size = 4;
  map.value_size = 4;
  map.max_entries = 1;
  return {
      act("io-uring", call(SYS_io_uring_setup, 4, scratch(256))),
      act("io-uring-enter", call(SYS_io_uring_enter, kInherited, 1, 0, 0, 0)),
      act("io-uring-register", call(SYS_io_uring_register, kInherited, 0, 0, 0)),
      filtered("aio", call(SYS_io_setup, 1, scratch(8))),
      act("userfaultfd", call(SYS_userfaultfd, 1 | O_CLOEXEC)),  // UFFD_USER_MODE_ONLY
      act("userfaultfd-of-the-kernel", call(SYS_userfaultfd, O_CLOEXEC)),
      act("bpf-program", call(SYS_bpf, BPF_PROG_LOAD, put(load), sizeof load)),
      act("bpf-map", call(SYS_bpf, BPF_MAP_CREATE, put(map), sizeof map)),
      act("perf", call(SYS_perf_event_open, put(event), 0, -1, -1, 0)),
      act("perf-of-all", call(SYS_perf_event_open, put(event), -1, 0, -1, 0)),
  };
}

Acts keys() {
  constexpr int kGetKeyring = 0;    // KEYCTL_GET_KEYRING_ID
  constexpr int kProcess = -2;      // KEY_SPEC_PROCESS_KEYRING
  constexpr int kUserSession = -5;  // KEY_SPEC_USER_SESSION_KEYRING
  return {
      filtered("keyring-of-the-process", call(SYS_keyctl, kGetKeyring, kProcess, 1)),
      filtered("keyring-of-the-user", call(SYS_keyctl, kGetKeyring, kUserSession, 0)),
      filtered("add-a-key",
               call(SYS_add_key, text("user"), text("vedette-hostile"), text("x"), 1, kProcess)),
      act("request-a-key", call(SYS_request_key, text("user"), text("vedette-absent"), 0, 0)),
  };
}

Acts other_processes() {
  const iovec local{reinterpret_cast<void*>(scratch(64)), 64};  // NOLINT: scratch memory
  const iovec remote{reinterpret_cast<void*>(0x400000), 64};    // NOLINT: some program
  constexpr int kSeize = 0x4206;
  return {
      filtered("ptrace-me", call(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)),
      act("ptrace-another", call(SYS_ptrace, kSeize, 2, 0, 0)),
      act("read-another's-memory", call(SYS_process_vm_readv, 2, put(local), 1, put(remote), 1, 0)),
      act("write-another's-memory",
          call(SYS_process_vm_writev, 2, put(local), 1, put(remote), 1, 0)),
      act("take-a-descriptor", call(SYS_pidfd_getfd, kInherited, 0, 0)),
      act("compare-processes", call(SYS_kcmp, 1, 2, 1, 0, 0)),
      act("process-madvise", call(SYS_process_madvise, kInherited, put(local), 1, 21, 0)),
      act("move-pages", call(SYS_migrate_pages, 2, 1, 0, 0)),
  };
}

Acts namespaces() {
  return {
      filtered("unshare-user", call(SYS_unshare, CLONE_NEWUSER)),
      act("unshare-mount", call(SYS_unshare, CLONE_NEWNS)),
      act("unshare-net", call(SYS_unshare, CLONE_NEWNET)),
      filtered("unshare-user-and-net", call(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNET)),
      filtered("unshare-files", call(SYS_unshare, CLONE_FILES)),
      act("join-a-namespace", call(SYS_setns, kInherited, 0)),
  };
}

Acts own_cage() {
  const sock_filter let_through{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  sock_fprog program{1, reinterpret_cast<sock_filter*>(put(let_through))};  // NOLINT: scratch
  const __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> all{};
  all.fill({~0U, ~0U, ~0U});
  constexpr int kVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
  return {
      filtered("filter-over-the-filter",
               call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, put(program))),
      filtered("filter-by-prctl",
               call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, put(program), 0, 0)),
      act("listener-of-its-own", call(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                      SECCOMP_FILTER_FLAG_NEW_LISTENER, put(program))),
      act("hear-its-own-listener",
          call(SYS_ioctl, kInherited, SECCOMP_IOCTL_NOTIF_RECV, scratch(128))),
      act("answer-its-own-listener",
          call(SYS_ioctl, kInherited, SECCOMP_IOCTL_NOTIF_SEND, scratch(128))),
      filtered("be-dumpable", call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)),
      filtered("outlive-the-zygote", call(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0)),
      act("allow-new-privileges", call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0)),
      act("set-securebits", call(SYS_prctl, PR_SET_SECUREBITS, 0, 0, 0, 0)),
      act("raise-ambient-capability",
          call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0)),
      act("raise-capabilities", call(SYS_capset, put(header), put(all))),
      act("become-root", call(SYS_setuid, 0)),
      act("become-root-for-real", call(SYS_setresuid, 0, 0, 0)),
      act("become-group-root", call(SYS_setgid, 0)),
      act("join-groups", call(SYS_setgroups, 1, put(0U))),
      filtered("landlock-version", call(SYS_landlock_create_ruleset, 0, 0, kVersion)),
      act("landlock-again", call(SYS_landlock_restrict_self, kInherited, 0)),
      filtered("new-session", call(SYS_setpgid, 0, 0)),
  };
}

Acts whole_machine() {
  return {
      act("load-a-module", call(SYS_init_module, text("x"), 1, text(""))),
      act("load-a-module-by-descriptor", call(SYS_finit_module, kInherited, text(""), 0)),
      act("unload-a-module", call(SYS_delete_module, text("vedette-absent"), O_NONBLOCK)),
      act("load-a-kernel", call(SYS_kexec_load, 0, 1, 0, 0xFFFF)),
      act("reboot", call(SYS_reboot, 0, 0, 0, 0)),
      act("set-the-time", call(SYS_clock_settime, 0, scratch(16))),
      act("set-the-time-of-day", call(SYS_settimeofday, 0, 0)),
      filtered("ask-for-clock-drift", call(SYS_adjtimex, scratch(256))),
      act("set-the-host-name", call(SYS_sethostname, text("x"), -1)),
      act("set-the-domain-name", call(SYS_setdomainname, text("x"), -1)),
      act("read-the-kernel-log", call(SYS_syslog, 3, scratch(64), 64)),
      act("hang-up", call(SYS_vhangup)),
      act("terminal-input", call(SYS_ioctl, 0, TIOCSTI, text("x"))),
      act("network-interfaces", call(SYS_ioctl, kInherited, 0x8912, scratch(64))),  // SIOCGIFCONF
  };
}

Acts questions() {
  const std::uint64_t room = scratch(512);
  return {
      filtered("uname", call(SYS_uname, room)),
      filtered("sysinfo", call(SYS_sysinfo, room)),
      filtered("getpid", call(SYS_getpid)),
      filtered("getuid", call(SYS_getuid)),
      filtered("getcpu", call(SYS_getcpu, room, 0, 0)),
      filtered("getrandom", call(SYS_getrandom, room, 16, 0)),
      filtered("gettimeofday", call(SYS_gettimeofday, room, 0)),
      filtered("membarrier", call(SYS_membarrier, 0, 0, 0)),
      filtered("personality", call(SYS_personality, 0xFFFFFFFFU)),
      filtered("times", call(SYS_times, room)),
  };
}

// Numbers that no kernel knows yet, or will ever know.
Acts unknown_numbers() {
  return {
      act("number-999", call(999, 1, 2, 3, 4, 5, 6)),
      act("number-65535", call(65535, 1, 2, 3, 4, 5, 6)),
      act("number-largest", call(0x7FFFFFFF, 1, 2, 3, 4, 5, 6)),
      act("number-minus-two", call(-2, 1, 2, 3, 4, 5, 6)),
  };
}

}  // namespace

Acts kernel_acts() {
  Acts acts;
  for (const auto& part : {large_interfaces(), keys(), other_processes(), namespaces(), own_cage(),
                           whole_machine(), questions(), unknown_numbers()})
    acts.insert(acts.end(), part.begin(), part.end());
  return acts;
}

}  // namespace vedette::testing
