#include "server_program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
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

bool wait_for(int fd, const std::string& ready) {
  std::string said;
  std::array<char, 4096> piece{};
  while (said.find(ready) == std::string::npos) {
    const ssize_t size = ::read(fd, piece.data(), piece.size());
    if (size <= 0) return false;
    said.append(piece.data(), static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

Result<ServerProgram> ServerProgram::start(std::vector<std::string> command,
                                           const std::string& folder, const std::string& ready) {
  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return refuse_program("no pipe", errno_text("pipe"));
  UniqueFd ours(output[0]);
  UniqueFd theirs(output[1]);
  const std::string errors = folder + "/stderr";
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (ready.empty())
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  else
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  std::vector<char*> arguments;
  for (std::string& argument : command)
    arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int reason =
      ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (reason != 0) return refuse_program("it cannot be started", std::strerror(reason));
  ServerProgram program(pid, std::move(ours));
  theirs.reset();
  if (!ready.empty() && !wait_for(program.output_.get(), ready))
    return refuse_program("it did not become ready", command.front() + ", see " + errors);
  return program;
}

ServerProgram::ServerProgram(ServerProgram&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::move(other.output_)) {}

ServerProgram& ServerProgram::operator=(ServerProgram&& other) noexcept {
  if (this == &other) return *this;
  kill();
  pid_ = std::exchange(other.pid_, -1);
  output_ = std::move(other.output_);
  return *this;
}

ServerProgram::~ServerProgram() {
  kill();
}

void ServerProgram::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

double ServerProgram::processor_seconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(file, text);
  // Behind the name, which may hold anything: state is the third field, utime the fourteenth.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace vedette::bench
