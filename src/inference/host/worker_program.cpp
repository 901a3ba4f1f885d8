#include "inference/host/worker_program.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

constexpr int kControl = 3;
// A descriptor is first moved out of the way: moved onto itself, it would stay close-on-exec.
constexpr int kOutOfTheWay = 64;

std::unexpected<Error> refuse_spawn(std::string cause) {
  return refuse("SBX-SPAWN", "the worker could not be started", std::move(cause),
                "check that vedette-worker is installed and can be executed");
}

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  [[nodiscard]] bool put(int fd, int as) {
    return ::posix_spawn_file_actions_adddup2(&actions_, fd, as) == 0;
  }
  [[nodiscard]] bool put_null(int as) {
    return ::posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", O_RDWR, 0) == 0;
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// A process group of its own, so that Ctrl-C on the agent's terminal is the agent's business.
class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }

  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<StartedProgram> start_program(const std::string& path, const std::string& argument,
                                     int control) {
  const UniqueFd moved{::fcntl(control, F_DUPFD_CLOEXEC, kOutOfTheWay)};
  FileActions actions;
  if (!moved.valid() || !actions.put_null(STDIN_FILENO) || !actions.put_null(STDOUT_FILENO) ||
      !actions.put(moved.get(), kControl))
    return refuse_spawn("the descriptors could not be arranged");
  std::string name = "vedette-worker";
  std::string option = argument;
  std::string variable = "ORT_DISABLE_TELEMETRY=1";
  char* arguments[] = {name.data(), option.data(), nullptr};
  char* environment[] = {variable.data(), nullptr};
  const Attributes attributes;
  StartedProgram program;
  const int error = ::posix_spawn(&program.pid, path.c_str(), actions.get(), attributes.get(),
                                  arguments, environment);
  if (error != 0) return refuse_spawn(path + ": " + std::strerror(error));
  // Nobody else reaps our child, so the number is still its own.
  program.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, program.pid, 0)));
  if (program.process.valid()) return program;
  const std::string cause = errno_text("pidfd_open");
  ::kill(program.pid, SIGKILL);
  ::waitpid(program.pid, nullptr, 0);
  return refuse_spawn(cause);
}

}  // namespace vedette::inference
