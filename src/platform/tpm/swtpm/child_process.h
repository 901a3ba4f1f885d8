// ChildProcess: one program started, watched and ended by its owner alone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"

namespace vedette::platform {

struct ChildCommand {
  std::vector<std::string> arguments;    // [0] is the program's absolute path
  std::vector<std::string> environment;  // NAME=value; nothing is inherited
  std::string output_path;               // standard output and error are appended here
};

// Owns a process in its own process group, so that Ctrl-C at the terminal reaches only the owner.
// It inherits no descriptor and no blocked signal. The kernel kills it when the *thread* that
// called start() ends (PR_SET_PDEATHSIG), so that nothing is left behind by a crash: start it from
// a thread that lives long enough.
class ChildProcess {
 public:
  // Refuses PROCESS-START when the program cannot be run.
  [[nodiscard]] static Result<ChildProcess> start(ChildCommand command);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { end(); }

  // Its exit status (128 + signal when a signal ended it), or none if it still runs then.
  [[nodiscard]] std::optional<int> wait_for(std::chrono::milliseconds limit);
  // SIGTERM, and SIGKILL to its process group after two seconds. Harmless when it has ended.
  void end() noexcept;

  [[nodiscard]] pid_t id() const { return id_; }

 private:
  explicit ChildProcess(pid_t id) : id_(id) {}

  pid_t id_ = -1;
  std::optional<int> status_;
};

}  // namespace vedette::platform
