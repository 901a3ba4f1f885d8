#include "inference/host/worker_child.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

std::unexpected<Error> refuse_spawn(std::string cause) {
  return refuse("SBX-SPAWN", "the worker could not be started", std::move(cause),
                "check that vedette-worker is installed and can be executed");
}

// Descriptors are first moved out of the way, so that none lands on another's number.
constexpr int kOutOfTheWay = 64;

Result<UniqueFd> moved_away(int fd) {
  UniqueFd moved{::fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay)};
  if (!moved.valid()) return refuse_spawn(errno_text("F_DUPFD_CLOEXEC"));
  return moved;
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

// A clean start: no blocked or ignored signals, and a process group of its own, so that Ctrl-C on
// the agent's terminal is the agent's business.
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

Result<pid_t> spawn(const std::string& path, const WorkerOrder& order, const FileActions& actions) {
  std::vector<std::string> texts = to_arguments(order);
  texts.insert(texts.begin(), "vedette-worker");
  std::vector<char*> arguments;
  for (std::string& text : texts)
    arguments.push_back(text.data());
  arguments.push_back(nullptr);
  std::string variable = "ORT_DISABLE_TELEMETRY=1";
  char* environment[] = {variable.data(), nullptr};
  const Attributes attributes;
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, path.c_str(), actions.get(), attributes.get(),
                                  arguments.data(), environment);
  if (error != 0) return refuse_spawn(path + ": " + std::strerror(error));
  return pid;
}

}  // namespace

std::string describe(const Ending& ending) {
  if (!ending.by_signal) return "exit code " + std::to_string(ending.value);
  const char* const name = ::sigdescr_np(ending.value);
  return "signal " + std::to_string(ending.value) + " (" + (name == nullptr ? "?" : name) + ")";
}

WorkerChild::WorkerChild(int pid, UniqueFd process, UniqueFd lifeline)
    : pid_(pid), process_(std::move(process)), lifeline_(lifeline.release()) {}

WorkerChild::WorkerChild(WorkerChild&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      process_(std::move(other.process_)),
      lifeline_(other.lifeline_.exchange(-1)),
      ending_(other.ending_) {}

WorkerChild::~WorkerChild() {
  if (pid_ > 0) end();
}

Result<WorkerChild> WorkerChild::start(const std::string& path, const WorkerOrder& order,
                                       int model_fd, int channel_fd) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refuse_spawn(errno_text("pipe"));
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  VEDETTE_TRY(const UniqueFd lifeline, moved_away(read_end.get()));
  VEDETTE_TRY(const UniqueFd channel, moved_away(channel_fd));
  UniqueFd model;
  if (model_fd >= 0) {
    VEDETTE_TRY(model, moved_away(model_fd));
  }
  FileActions actions;
  const bool arranged =
      actions.put_null(STDIN_FILENO) && actions.put_null(STDOUT_FILENO) &&
      (model.valid() ? actions.put(model.get(), kModelFd) : actions.put_null(kModelFd)) &&
      actions.put(channel.get(), kChannelFd) && actions.put(lifeline.get(), kLifelineFd);
  if (!arranged) return refuse_spawn("the descriptors could not be arranged");
  VEDETTE_TRY(const pid_t pid, spawn(path, order, actions));
  // Nobody else reaps our child, so the number is still its own.
  UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  const std::string cause = process.valid() ? "" : errno_text("pidfd_open");
  if (!process.valid()) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return refuse_spawn(cause);
  }
  return WorkerChild(pid, std::move(process), std::move(write_end));
}

void WorkerChild::cut_lifeline() {
  const UniqueFd cut{lifeline_.exchange(-1)};
}

bool WorkerChild::has_ended() const {
  pollfd process{process_.get(), POLLIN, 0};
  return ::poll(&process, 1, 0) > 0;
}

std::optional<Ending> WorkerChild::wait(std::chrono::milliseconds patience) {
  if (ending_) return ending_;
  pollfd process{process_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&process, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return std::nullopt;
  siginfo_t info{};
  // ECHILD: the program ignores SIGCHLD and the kernel has reaped for us.
  if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(process_.get()), &info, WEXITED) !=
      0)
    ending_ = Ending{true, SIGKILL};
  else
    ending_ = Ending{info.si_code != CLD_EXITED, info.si_status};
  return ending_;
}

Ending WorkerChild::end() {
  cut_lifeline();
  if (const auto ending = wait(std::chrono::seconds(1))) return *ending;
  ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
  return wait(std::chrono::milliseconds(-1)).value_or(Ending{true, SIGKILL});
}

}  // namespace vedette::inference
