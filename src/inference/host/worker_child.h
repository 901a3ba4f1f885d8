// The child process behind a worker: born with exact descriptors, ended for certain.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "inference/policy/worker_order.h"

namespace vedette::inference {

// How a process ended.
struct Ending {
  bool by_signal = false;
  int value = 0;  // signal number, or exit code

  [[nodiscard]] bool is(WorkerExit code) const {
    return !by_signal && value == static_cast<int>(code);
  }
};

// `exit code 44`, `signal 9 (Killed)`.
[[nodiscard]] std::string describe(const Ending& ending);

// Owns the process. Its life hangs on a pipe whose writing end is here: when this object, or the
// whole agent, goes, the worker's outer process kills the inner one, reaps it and ends. (A parent
// death signal would come already when the *thread* that started the worker ends.)
class WorkerChild {
 public:
  // Starts `path` with the order's arguments, an environment of one variable, and these descriptors
  // only: 0 and 1 on /dev/null, 2 as here until the cage closes it, `model_fd` as 3 (-1:
  // /dev/null), `channel_fd` as 4, the lifeline as 5. Safe in a program with threads. Refuses
  // SBX-SPAWN.
  [[nodiscard]] static Result<WorkerChild> start(const std::string& path, const WorkerOrder& order,
                                                 int model_fd, int channel_fd);
  WorkerChild(WorkerChild&& other) noexcept;
  WorkerChild& operator=(WorkerChild&&) = delete;
  WorkerChild(const WorkerChild&) = delete;
  WorkerChild& operator=(const WorkerChild&) = delete;
  ~WorkerChild();

  [[nodiscard]] int pid() const { return pid_; }

  // From any thread.
  void cut_lifeline();
  [[nodiscard]] bool lifeline_cut() const { return lifeline_.load() < 0; }
  [[nodiscard]] bool has_ended() const;

  // From one thread at a time. wait() gives nothing when the process lives on after `patience`;
  // end() cuts the lifeline and, should that not help in a second, kills.
  [[nodiscard]] std::optional<Ending> wait(std::chrono::milliseconds patience);
  Ending end();

 private:
  WorkerChild(int pid, UniqueFd process, UniqueFd lifeline);

  int pid_;
  UniqueFd process_;  // pidfd
  std::atomic<int> lifeline_;
  std::optional<Ending> ending_;
};

}  // namespace vedette::inference
