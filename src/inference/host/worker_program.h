// Starting vedette-worker as a program: with exact descriptors, and nothing else of ours.
#pragma once

#include <string>

#include "base/error.h"
#include "base/fd.h"

namespace vedette::inference {

struct StartedProgram {
  int pid = -1;
  UniqueFd process;  // pidfd; the caller reaps it
};

// Starts `path` with one argument, an environment of one variable, no blocked or ignored signals,
// in a process group of its own, and these descriptors only: 0 and 1 on /dev/null, 2 as here,
// `control` as kControlFd (3). Safe in a program with threads. Refuses SBX-SPAWN.
[[nodiscard]] Result<StartedProgram> start_program(const std::string& path,
                                                   const std::string& argument, int control);

}  // namespace vedette::inference
