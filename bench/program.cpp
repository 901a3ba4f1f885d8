#include "program.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette::bench {

namespace {

std::unexpected<Error> refuse_program(std::string message, std::string cause) {
  return refuse("BENCH-PROGRAM", std::move(message), std::move(cause));
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refuse_program("no pipe", errno_text("pipe"));
  return Pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

// Descriptors of a program that is to be started.
class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  void take(int fd, int as) { ::posix_spawn_file_actions_adddup2(&actions_, fd, as); }
  void nothing(int as) {
    ::posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", O_RDWR, 0);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

Result<pid_t> spawn(std::vector<std::string> command, const FileActions& files) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command)
    arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int reason =
      ::posix_spawnp(&pid, arguments[0], files.get(), nullptr, arguments.data(), environ);
  if (reason != 0) return refuse_program("it cannot be started", std::strerror(reason));
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string first_line(int fd) {
  std::array<char, 512> text{};
  const ssize_t size = ::read(fd, text.data(), text.size() - 1);
  return {text.data(), std::strcspn(text.data(), "\n") * (size > 0 ? 1U : 0U)};
}

}  // namespace

Result<void> run_program(const std::vector<std::string>& command) {
  VEDETTE_TRY(Pipe errors, make_pipe());
  FileActions files;
  files.nothing(STDIN_FILENO);
  files.nothing(STDOUT_FILENO);
  files.take(errors.write.get(), STDERR_FILENO);
  VEDETTE_TRY(const pid_t pid, spawn(command, files));
  errors.write.reset();
  const int status = wait_for(pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return refuse_program("it failed", first_line(errors.read.get()));
}

Result<Replica> Replica::start(const std::string& which, int model_fd) {
  constexpr int kModelFd = 3;
  VEDETTE_TRY(Pipe input, make_pipe());
  VEDETTE_TRY(Pipe output, make_pipe());
  FileActions files;
  files.take(input.read.get(), STDIN_FILENO);
  files.take(output.write.get(), STDOUT_FILENO);
  files.take(model_fd, kModelFd);
  VEDETTE_TRY(const pid_t pid, spawn({"/proc/self/exe", "--replica", which}, files));
  Replica replica(pid, std::move(input.write));
  output.write.reset();
  char ready = 0;
  if (::read(output.read.get(), &ready, 1) != 1)
    return refuse_program("a replica did not become ready", which);
  return replica;
}

Replica::Replica(Replica&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), input_(std::move(other.input_)) {}

Replica::~Replica() {
  input_.reset();
  if (pid_ > 0) wait_for(pid_);
}

}  // namespace vedette::bench
