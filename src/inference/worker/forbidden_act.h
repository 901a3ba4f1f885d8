// What a drill does inside its cage.
#pragma once

#include <string>

#include "inference/policy/drill_act.h"

namespace vedette::inference {

struct ActOutcome {
  bool succeeded = false;
  int error = 0;  // errno when it did not
};

// Commits the act by the bare system call. In a strict cage it does not return.
[[nodiscard]] ActOutcome commit(DrillAct act);

}  // namespace vedette::inference
