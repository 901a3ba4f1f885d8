#include "inference/host/worker_program.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

constexpr int kControl = 3;
constexpr int kProgram = 4;
constexpr const char* kProgramPath = "/proc/self/fd/4";
constexpr std::size_t kMaxProgramBytes = std::size_t{256} << 20U;
constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
// A descriptor is first moved out of the way: moved onto itself, it would stay close-on-exec.
constexpr int kOutOfTheWay = 64;

std::unexpected<Error> refuse_spawn(std::string cause) {
  return refuse("SBX-SPAWN", "the worker could not be started", std::move(cause),
                "check that vedette-worker is installed and can be executed");
}

int make_executable_memory() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  constexpr unsigned kExecutable = 0x0010U;  // MFD_EXEC (Linux 6.3)
  const int fd = ::memfd_create("vedette-worker", kFlags | kExecutable);
  if (fd >= 0 || errno != EINVAL) return fd;
  return ::memfd_create("vedette-worker", kFlags);
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

Result<SealedProgram> SealedProgram::load(const std::string& path) {
  const auto octets = read_file(path, kMaxProgramBytes);
  if (!octets) return refuse_spawn(describe(octets.error()));
  const UniqueFd memory{make_executable_memory()};
  if (!memory.valid()) return refuse_spawn(errno_text("memfd_create"));
  for (ByteView rest(*octets); !rest.empty();) {
    const ssize_t written = ::write(memory.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return refuse_spawn(errno_text("write to memory"));
    if (written > 0) rest = rest.subspan(static_cast<std::size_t>(written));
  }
  // A worker that is another user than its agent may not even read it again.
  if (::fchmod(memory.get(), S_IRUSR | S_IXUSR) != 0) return refuse_spawn(errno_text("fchmod"));
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0)
    return refuse_spawn(errno_text("F_ADD_SEALS"));
  const std::string own = "/proc/self/fd/" + std::to_string(memory.get());
  UniqueFd readable{::open(own.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!readable.valid()) return refuse_spawn(errno_text(own));
  return SealedProgram(std::move(readable));
}

Result<Bytes> SealedProgram::octets() const {
  return read_file("/proc/self/fd/" + std::to_string(fd_.get()), kMaxProgramBytes);
}

Result<StartedProgram> start_program(const SealedProgram& sealed, const std::string& argument,
                                     int control) {
  const UniqueFd moved{::fcntl(control, F_DUPFD_CLOEXEC, kOutOfTheWay)};
  const UniqueFd moved_program{::fcntl(sealed.fd(), F_DUPFD_CLOEXEC, kOutOfTheWay)};
  FileActions actions;
  if (!moved.valid() || !moved_program.valid() || !actions.put_null(STDIN_FILENO) ||
      !actions.put_null(STDOUT_FILENO) || !actions.put(moved.get(), kControl) ||
      !actions.put(moved_program.get(), kProgram))
    return refuse_spawn("the descriptors could not be arranged");
  std::string name = "vedette-worker";
  std::string option = argument;
  std::string variable = "ORT_DISABLE_TELEMETRY=1";
  char* arguments[] = {name.data(), option.data(), nullptr};
  char* environment[] = {variable.data(), nullptr};
  const Attributes attributes;
  StartedProgram program;
  // The child's own descriptor. It stays open over execve, so that an interpreter finds its script.
  const int error = ::posix_spawn(&program.pid, kProgramPath, actions.get(), attributes.get(),
                                  arguments, environment);
  if (error == EACCES)
    return refuse("SBX-SPAWN", "the worker could not be started", std::strerror(error),
                  "it is executed from sealed memory: is vm.memfd_noexec 2 on this machine?");
  if (error != 0) return refuse_spawn(std::strerror(error));
  // Nobody else reaps our child, so the number is still its own.
  program.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, program.pid, 0)));
  if (program.process.valid()) return program;
  const std::string cause = errno_text("pidfd_open");
  ::kill(program.pid, SIGKILL);
  ::waitpid(program.pid, nullptr, 0);
  return refuse_spawn(cause);
}

}  // namespace vedette::inference
