// Other programs: run to their end, or kept with pipes to them.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"

namespace vedette::bench {

// Runs it with no input, its output thrown away, and waits. Refuses BENCH-PROGRAM when it cannot be
// started, or ends with anything but exit code 0: the cause is what it said on stderr.
[[nodiscard]] Result<void> run_program(const std::vector<std::string>& command);

// A copy of this program. Ends when this object does.
class Replica {
 public:
  // With `--replica which` as arguments and `model_fd` as descriptor 3; returns when the copy is
  // ready. Refuses BENCH-PROGRAM.
  [[nodiscard]] static Result<Replica> start(const std::string& which, int model_fd);
  Replica(Replica&& other) noexcept;
  Replica& operator=(Replica&&) = delete;
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;
  ~Replica();

  [[nodiscard]] int pid() const { return pid_; }

 private:
  Replica(pid_t pid, UniqueFd input) : pid_(pid), input_(std::move(input)) {}

  pid_t pid_;
  UniqueFd input_;
};

}  // namespace vedette::bench
