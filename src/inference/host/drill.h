// Drills: a worker in its real cage commits a forbidden act on purpose. Used by doctor, demo,
// tests.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/error.h"
#include "inference/host/violation.h"
#include "inference/host/worker_spawner.h"
#include "inference/policy/drill_act.h"
#include "inference/policy/posture.h"

namespace vedette::inference {

struct DrillVerdict {
  enum class Outcome {
    killed,   // the filter froze the worker, and it was killed: the cage holds
    refused,  // the call returned an error: another layer held, the filter did not
    leaked,   // the act succeeded: the cage leaks
  };
  Outcome outcome = Outcome::leaked;
  std::string detail;                  // a sentence: what was tried, what happened
  std::optional<Violation> violation;  // the evidence, when killed
  std::chrono::microseconds duration{0};
};

// Refuses SBX-SPAWN, SBX-CAGE-* (the cage could not be put up), SBX-DEADLINE.
[[nodiscard]] Result<DrillVerdict> run_drill(WorkerSpawner& spawner, DrillAct act);
// With a zygote of its own.
[[nodiscard]] Result<DrillVerdict> run_drill(const std::string& worker_path, DrillAct act,
                                             Posture posture = Posture::full);

}  // namespace vedette::inference
