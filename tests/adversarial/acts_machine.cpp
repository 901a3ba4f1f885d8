// Group 3, the other doors into the kernel that x86-64 has: 32-bit calls, x32, the vsyscall page,
// and calls that other architectures never had.
#include "act.h"

#if defined(__x86_64__)
#include <fcntl.h>
#include <sys/syscall.h>
#endif

namespace vedette::testing {

#if defined(__x86_64__)

namespace {

constexpr long kX32 = 0x40000000;

// Numbers are those of i386.
template <class... Arguments>
Call old_call(long number, Arguments... arguments) {
  Call one = call(number, arguments...);
  one.entry = Entry::int80;
  for (auto& argument : one.arguments)
    argument &= 0xFFFFFFFFU;
  return one;
}

Acts by_int80() {
  const std::uint64_t passwd = text("/etc/passwd");
  const std::uint64_t words =
      put(std::array<std::uint32_t, 2>{static_cast<std::uint32_t>(text("/bin/true")), 0});
  return {
      act("int80-open", old_call(5, passwd, O_RDONLY, 0)),
      act("int80-openat", old_call(295, AT_FDCWD, passwd, O_RDONLY, 0)),
      act("int80-socket", old_call(359, 2, 1, 0)),
      act("int80-socketcall", old_call(102, 1, put(std::array<std::uint32_t, 3>{2, 1, 0}))),
      act("int80-fork", old_call(120, 17, 0, 0, 0, 0)),
      act("int80-execute", old_call(11, text("/nonexistent/true"), words, 0)),
      act("int80-write", old_call(4, 1, text("x"), 1)),
      filtered("int80-getpid", old_call(20)),
      // Numbers that are permitted by another name: futex, clock_gettime, exit_group of x86-64.
      filtered("int80-number-of-futex", old_call(202, 0, 0, 0)),
      act("int80-number-of-clock-gettime", old_call(228)),
      act("int80-number-of-exit-group", old_call(231, passwd, text("user.x"), 0, 0)),
  };
}

Call x32_call(Call one) {
  one.entry = Entry::x32;
  one.number |= kX32;
  return one;
}

Acts by_x32() {
  return {
      act("x32-open", x32_call(call(SYS_openat, AT_FDCWD, text("/etc/passwd"), O_RDONLY, 0))),
      act("x32-socket", x32_call(call(SYS_socket, 2, 1, 0))),
      act("x32-futex", x32_call(call(SYS_futex, scratch(4), 1, 1, 0, 0, 0))),
      act("x32-exit-group", x32_call(call(SYS_exit_group, 0))),
      act("x32-execute", x32_call(call(520, text("/bin/true"), 0, 0))),
      act("x32-bit-alone", x32_call(call(0))),
  };
}

// From Linux 6.14 on the kernel exempts these from every filter: its own trampolines make them
// (seccomp.c). Whoever is no trampoline gets SIGILL or ENXIO, and nothing else happens.
Act uprobe_call(std::string name, long number) {
  Act one = act(std::move(name), call(number, 1, 2, 3, 4, 5, 6));
  one.exempt = true;
  return one;
}

Acts old_calls() {
  Call vsyscall = call(SYS_time, 0);
  vsyscall.entry = Entry::vsyscall;
  return {
      filtered("vsyscall-time", vsyscall),
      uprobe_call("uretprobe", 335),
      uprobe_call("uprobe", 336),
      act("old-open", call(SYS_open, text("/etc/passwd"), O_RDONLY, 0)),
      act("old-fork", call(SYS_fork)),
      act("old-pipe", call(SYS_pipe, scratch(8))),
      act("old-stat", call(SYS_stat, text("/etc/passwd"), scratch(256))),
      filtered("change-segments", call(SYS_modify_ldt, 0, scratch(64), 64)),
      filtered("read-segment-base", call(SYS_arch_prctl, 0x1004, scratch(8))),  // ARCH_GET_GS
      act("input-output-level", call(SYS_iopl, 3)),
      act("input-output-ports", call(SYS_ioperm, 0x80, 1, 1)),
      filtered("time", call(SYS_time, 0)),
      filtered("alarm", call(SYS_alarm, 0)),
  };
}

}  // namespace

Acts machine_acts() {
  Acts acts;
  for (const auto& part : {by_int80(), by_x32(), old_calls()})
    acts.insert(acts.end(), part.begin(), part.end());
  // A kernel without 32-bit calls, or without that page, faults.
  for (Act& one : acts)
    if (one.calls.at(0).entry == Entry::int80 || one.calls.at(0).entry == Entry::vsyscall)
      one.may_fault = true;
  return acts;
}

#else

Acts machine_acts() {
  return {};
}

#endif

}  // namespace vedette::testing
