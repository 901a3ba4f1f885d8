// The life of one worker as its host sees it: reports come in, it is caged, it violates, it ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "inference/host/violation.h"
#include "inference/policy/spawn_order.h"

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

// Shared between the thread that watches and those that use the worker. Thread-safe.
class WorkerLife {
 public:
  struct Witnesses {
    // On the watching thread, while the worker is frozen in the call; it is killed when this
    // returns. Must not throw, and must not take long: other workers' violations wait.
    std::function<void(const Violation&)> on_violation;
    // On the watching thread, whenever something changed.
    std::function<void()> on_change;
  };

  WorkerLife(UniqueFd line, Witnesses witnesses);
  WorkerLife(const WorkerLife&) = delete;
  WorkerLife& operator=(const WorkerLife&) = delete;
  ~WorkerLife() = default;

  // From any thread. Asks the kernel to stop the worker where it is; it may answer until the signal
  // is there, and forks of it are not stopped. Without a process yet, or where the kernel refuses,
  // it does nothing.
  void freeze();
  // From any thread. Ends the worker.
  void kill();

  // Waits until the cage is closed: refuses what the worker or its zygote reported, SBX-DEADLINE,
  // and SBX-WORKER-DIED.
  [[nodiscard]] Result<void> wait_caged(std::chrono::steady_clock::time_point until);
  // None when it still lives at `until`.
  [[nodiscard]] std::optional<Ending> wait_ended(std::chrono::steady_clock::time_point until);

  [[nodiscard]] bool is_over() const;  // ended, killed, or about to be for a violation
  [[nodiscard]] bool was_killed() const;
  [[nodiscard]] int pid() const;  // as this process sees it; 0 before it was born
  // By control groups, as its zygote says: `v2 memory, v2 pids`; empty: by none.
  [[nodiscard]] std::string bounded_by() const;
  [[nodiscard]] std::optional<Violation> violation() const;
  // The output file (power.h), when the worker has one; once.
  [[nodiscard]] UniqueFd take_output();

  // The watching thread's part. Each reads what is there; `false`: there is nothing more to watch.
  [[nodiscard]] int line_fd() const { return line_.get(); }
  [[nodiscard]] bool read_line();
  [[nodiscard]] int listener_fd() const;  // -1 until caged
  [[nodiscard]] bool read_listener();
  void abandon();  // the watch ends

 private:
  void hear(const Report& report, UniqueFd fd);
  [[nodiscard]] bool note(const Violation& violation);  // whether it is the first
  void signal_end();
  void change(const std::function<void()>& what);

  const UniqueFd line_;
  const Witnesses witnesses_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  int pid_ = 0;
  std::string bounded_by_;
  UniqueFd process_;  // pidfd
  UniqueFd listener_;
  UniqueFd output_;
  bool caged_ = false;
  bool killed_ = false;
  std::optional<Error> refusal_;
  std::optional<Violation> violation_;
  std::optional<Ending> ending_;
};

}  // namespace vedette::inference
