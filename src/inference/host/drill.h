// Drills: a worker in its real cage commits a forbidden act on purpose. Used by doctor, demo,
// tests.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "inference/policy/worker_order.h"

namespace vedette::inference {

struct DrillVerdict {
  enum class Outcome {
    killed,   // the filter ended the worker (SIGSYS): the cage holds
    refused,  // the call returned an error: another layer held, the filter did not
    leaked,   // the act succeeded: the cage leaks
  };
  Outcome outcome = Outcome::leaked;
  std::string detail;  // a sentence: what was tried, what happened
  std::chrono::microseconds duration{0};
};

// Refuses SBX-SPAWN, SBX-CAGE-* (the cage could not be put up), SBX-DEADLINE.
[[nodiscard]] Result<DrillVerdict> run_drill(const std::string& worker_path, DrillAct act,
                                             Posture posture = Posture::full);

}  // namespace vedette::inference
