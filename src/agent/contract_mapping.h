// From a release's contract to what its workers get: the one place where the author's word and the
// device's own limits meet. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "base/error.h"
#include "inference/admission/admission.h"
#include "inference/host/worker_process.h"
#include "inference/serving/io_rules.h"
#include "inference/serving/model_server.h"
#include "inference/serving/rate_limit.h"
#include "release/runtime_contract.h"

namespace vedette::agent {

// Under which terms a release runs here.
struct WorkerTerms {
  inference::WorkerSettings settings;  // profile and powers, channel, deadline of loading
  inference::AdmissionRules admission;
  inference::serving::ServerSettings serving;
  std::optional<inference::serving::Rate> rate;
  inference::serving::IoRules rules;  // of those tensors that the contract names
  std::chrono::milliseconds call_deadline{0};
  std::vector<release::GoldenPair> golden;  // which every worker answers before it answers others
  std::vector<release::OutputDistribution> distributions;  // that its answers are held to
};

// Whether the contract holds here and now. Refuses AGT-CONTRACT-REGION on a device of another
// region, or of none, and AGT-CONTRACT-TIME outside of its time.
[[nodiscard]] Result<void> check_scope(const AgentConfig& config,
                                       const release::RuntimeContract& contract, TimePoint now);

// Without a contract the device's configuration alone. With one, never more than either allows:
// what can be tightened without breaking the model (deadlines, replicas) is the lesser of both,
// what cannot (memory, sizes, powers) refuses AGT-CONTRACT-CEILING when the device allows less than
// the contract asks for. Refuses AGT-CONTRACT for one whose rules cannot be enforced as they are.
[[nodiscard]] Result<WorkerTerms> map_contract(
    const AgentConfig& config, const std::optional<release::RuntimeContract>& contract);

// The rules for every tensor: the contract's for those that it names, what the model declares for
// the others. Refuses AGT-CONTRACT-IO when the contract names a tensor that the model does not
// have, or of another type or shape.
[[nodiscard]] Result<inference::serving::IoRules> complete_rules(
    const inference::serving::IoRules& contract, const inference::ModelMetadata& model);

// Refuses AGT-CONTRACT-IO for a distribution of an output that the model does not have.
[[nodiscard]] Result<void> check_distributions(
    const std::vector<release::OutputDistribution>& distributions,
    const inference::ModelMetadata& model);

}  // namespace vedette::agent
