#include "verifier_process.h"

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette::bench {

namespace {

std::unexpected<Error> refuse_program(std::string message, std::string cause) {
  return refuse("BENCH-PROGRAM", std::move(message), std::move(cause));
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// A figure of /proc/PID/status in octets.
Result<double> status_octets(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":"))
      if (const double kib = std::strtod(line.c_str() + name.size() + 1, nullptr); kib > 0)
        return kib * 1024;
  return refuse_program("the kernel does not tell the verifier's memory", name);
}

std::string in_words(int status) {
  if (WIFSIGNALED(status)) return "it ended by signal " + std::to_string(WTERMSIG(status));
  return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<VerifierProcess> VerifierProcess::start(const std::string& program,
                                               const std::string& folder,
                                               std::chrono::seconds interval, unsigned handlers) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0) return refuse_program("no pipe", errno_text("pipe"));
  UniqueFd input_end(input[0]);
  UniqueFd input_ours(input[1]);
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return refuse_program("no pipe", errno_text("pipe"));
  const UniqueFd output_ours(output[0]);
  UniqueFd output_end(output[1]);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input_end.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output_end.get(), STDOUT_FILENO);
  std::vector<std::string> command{program, folder, std::to_string(interval.count()),
                                   std::to_string(handlers)};
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command)
    arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int reason =
      ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (reason != 0) return refuse_program("it cannot be started", std::strerror(reason));
  VerifierProcess process(pid, std::move(input_ours));
  output_end.reset();
  char ready = 0;
  if (::read(output_ours.get(), &ready, 1) != 1)
    return refuse_program("the verifier did not start", folder);
  return process;
}

VerifierProcess::VerifierProcess(VerifierProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), input_(std::move(other.input_)) {}

VerifierProcess& VerifierProcess::operator=(VerifierProcess&& other) noexcept {
  if (this == &other) return *this;
  discard();
  pid_ = std::exchange(other.pid_, -1);
  input_ = std::move(other.input_);
  return *this;
}

VerifierProcess::~VerifierProcess() {
  discard();
}

double VerifierProcess::processor_seconds() const {
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

Result<Memory> VerifierProcess::memory() const {
  Memory memory;
  VEDETTE_TRY(memory.resident, status_octets(pid_, "VmRSS"));
  VEDETTE_TRY(memory.peak, status_octets(pid_, "VmHWM"));
  return memory;
}

Result<double> VerifierProcess::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  const End end = wait();
  if (!WIFSIGNALED(end.status) || WTERMSIG(end.status) != SIGKILL)
    return refuse_program("the verifier had ended before it was killed", in_words(end.status));
  return end.seconds;
}

Result<double> VerifierProcess::stop() {
  const End end = wait();
  if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != EXIT_SUCCESS)
    return refuse_program("the verifier did not end well", in_words(end.status));
  return end.seconds;
}

// Told to end already, or by the closing of its input now.
VerifierProcess::End VerifierProcess::wait() {
  input_.reset();
  if (pid_ <= 0) return {};
  End end;
  rusage used{};
  while (::wait4(pid_, &end.status, 0, &used) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  end.seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  return end;
}

// Whoever lets go of it has no use for how it ended.
void VerifierProcess::discard() {
  static_cast<void>(wait());
}

}  // namespace vedette::bench
