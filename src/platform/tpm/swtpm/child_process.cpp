#include "platform/tpm/swtpm/child_process.h"

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::platform {

namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Launch {
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  int failure;  // receives errno when the program could not be run
  pid_t parent;
};

// Between fork and exec: async-signal-safe calls only, no allocation.
[[noreturn]] void become(const Launch& launch) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above took effect.
  const bool orphaned = ::getppid() != launch.parent;
  if (!orphaned && ::dup2(launch.input, STDIN_FILENO) >= 0 &&
      ::dup2(launch.output, STDOUT_FILENO) >= 0 && ::dup2(launch.output, STDERR_FILENO) >= 0) {
    // A kernel without it still closes what was opened with O_CLOEXEC.
    ::close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    ::execve(launch.arguments[0], launch.arguments, launch.environment);
  }
  const int number = errno;
  [[maybe_unused]] const ssize_t told = ::write(launch.failure, &number, sizeof number);
  ::_exit(127);
}

// errno of the exec that failed, or 0: the pipe closes by itself when exec succeeds.
int exec_failure(int fd) {
  int number = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, &number, sizeof number);
  } while (got < 0 && errno == EINTR);
  return got == ssize_t{sizeof number} ? number : 0;
}

int decode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::unexpected<Error> not_started(const std::string& what) {
  return refuse("PROCESS-START", "a program could not be started", errno_text(what));
}

}  // namespace

Result<ChildProcess> ChildProcess::start(ChildCommand command) {
  const std::string& program = command.arguments.at(0);
  const UniqueFd input{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  const UniqueFd output{
      ::open(command.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  if (!input.valid() || !output.valid()) return not_started(command.output_path);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return not_started("pipe");
  const UniqueFd failure{ends[0]};
  UniqueFd failure_in_child{ends[1]};

  const auto arguments = pointers_to(command.arguments);
  const auto environment = pointers_to(command.environment);
  const Launch launch{arguments.data(), environment.data(),     input.get(),
                      output.get(),     failure_in_child.get(), ::getpid()};
  const pid_t id = ::fork();
  if (id < 0) return not_started("fork");
  if (id == 0) become(launch);

  ChildProcess child{id};
  failure_in_child.reset();
  errno = exec_failure(failure.get());
  if (errno != 0) return not_started(program);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  end();
  id_ = std::exchange(other.id_, -1);
  status_ = std::exchange(other.status_, std::nullopt);
  return *this;
}

std::optional<int> ChildProcess::wait_for(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!status_ && id_ > 0) {
    int status = 0;
    const pid_t got = ::waitpid(id_, &status, WNOHANG);
    if (got == id_) status_ = decode(status);
    if (got < 0 && errno != EINTR) status_ = 128;  // reaped by someone else
    if (got == 0 && std::chrono::steady_clock::now() >= until) break;
    if (got == 0) ::poll(nullptr, 0, 2);
  }
  return status_;
}

void ChildProcess::end() noexcept {
  using namespace std::chrono_literals;
  if (id_ <= 0) return;
  if (!wait_for(0s)) {
    ::kill(id_, SIGTERM);
    if (!wait_for(2s)) {
      ::kill(-id_, SIGKILL);
      static_cast<void>(wait_for(10s));
    }
  }
  id_ = -1;
}

}  // namespace vedette::platform
