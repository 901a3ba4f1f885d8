// The memory API's calls, asked of the served models.
#pragma once

#include "agent/memory_service.h"
#include "agent/serving.h"
#include "agent/trust_state.h"
#include "policy/local_caller.h"

namespace vedette::agent {

// The models of `models`, under the same guards as the HTTP API: the policy decides who may ask and
// what they see, the device's verdict holds before the call and after it, and the witness is told
// in between. Refuses AGT-CALLER-DENIED, AGT-NO-MODEL and AGT-NO-VERSION.
struct MemoryModelParts {
  const TrustState& trust;
  ModelSource& models;
  InferenceWitness& witness;
  policy::LocalPolicy policy;
};
[[nodiscard]] MemoryService make_memory_service(MemoryModelParts parts);

}  // namespace vedette::agent
