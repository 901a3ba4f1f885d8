// From a release's contract to what its worker gets: the one place where the author's word and the
// device's own limits meet. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "agent/config.h"
#include "base/error.h"
#include "inference/host/worker_process.h"
#include "release/runtime_contract.h"

namespace vedette::agent {

struct WorkerTerms {
  inference::WorkerSettings settings;
  std::chrono::milliseconds call_deadline{0};
};

// Without a contract the device's configuration alone. With one, never more than either allows:
// what can be tightened without breaking the model (the deadlines) is the lesser of both, what
// cannot (memory, sizes, powers) refuses AGT-CONTRACT-CEILING when the device allows less than the
// contract asks for. Refuses AGT-CONTRACT-UNENFORCED when the contract demands a check that this
// agent cannot make: a model does not run without a rule that its author signed.
[[nodiscard]] Result<WorkerTerms> map_contract(
    const AgentConfig& config, const std::optional<release::RuntimeContract>& contract);

}  // namespace vedette::agent
