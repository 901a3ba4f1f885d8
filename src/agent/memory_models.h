// The memory API's calls, asked of the served models.
#pragma once

#include <chrono>

#include "agent/memory_service.h"
#include "agent/serving.h"
#include "agent/trust_state.h"

namespace vedette::agent {

// The models of `serving`, each asked by its own worker, under the same guards as the HTTP API: the
// device's verdict before the call and after it, and the witness in between. Refuses AGT-NO-RELEASE
// when another release than the one asked for is served.
struct MemoryModelParts {
  const TrustState& trust;
  const ServingTable& serving;
  InferenceWitness& witness;
  std::chrono::milliseconds deadline;  // of one inference
};
[[nodiscard]] MemoryService make_memory_service(MemoryModelParts parts);

}  // namespace vedette::agent
