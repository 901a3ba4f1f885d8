// Starting vedette-worker as a program: with exact descriptors, and nothing else of ours.
#pragma once

#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"

namespace vedette::inference {

// A program's octets in sealed memory: nobody can change them any more, so that what was looked at
// is what is executed, each time.
class SealedProgram {
 public:
  // Refuses SBX-SPAWN.
  [[nodiscard]] static Result<SealedProgram> load(const std::string& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Result<Bytes> octets() const;

 private:
  explicit SealedProgram(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;  // for reading alone: what is open for writing cannot be executed
};

struct StartedProgram {
  int pid = -1;
  UniqueFd process;  // pidfd; the caller reaps it
};

// Starts `program` with one argument, an environment of one variable, no blocked or ignored
// signals, in a process group of its own, and these descriptors only: 0 and 1 on /dev/null, 2 as
// here, `control` as kControlFd (3), and the program itself as 4, which it closes. Safe in a
// program with threads. Refuses SBX-SPAWN.
[[nodiscard]] Result<StartedProgram> start_program(const SealedProgram& program,
                                                   const std::string& argument, int control);

}  // namespace vedette::inference
