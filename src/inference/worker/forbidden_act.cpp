#include "inference/worker/forbidden_act.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

ActOutcome outcome_of(long result) {
  return {result >= 0, result >= 0 ? 0 : errno};
}

ActOutcome fork_once() {
  const long child = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) ::syscall(SYS_exit_group, 0);
  return outcome_of(child);
}

ActOutcome execute_shell() {
  const char* const arguments[] = {"/bin/sh", "-c", "exit 42", nullptr};
  const char* const environment[] = {nullptr};
  return outcome_of(::syscall(SYS_execve, arguments[0], arguments, environment));
}

}  // namespace

ActOutcome commit(DrillAct act) {
  switch (act) {
    case DrillAct::open_file:
      return outcome_of(::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0));
    case DrillAct::socket:
      return outcome_of(::syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    case DrillAct::exec:
      return execute_shell();
    case DrillAct::fork:
      return fork_once();
    case DrillAct::ptrace:
      return outcome_of(::syscall(SYS_ptrace, PTRACE_TRACEME, 0, nullptr, nullptr));
  }
  return {};
}

}  // namespace vedette::inference
