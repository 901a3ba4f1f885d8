// WorkerReplica: a caged worker as one replica of a served model, and a witness of how it ends.
#pragma once

#include <functional>
#include <memory>

#include "agent/serving.h"
#include "base/error.h"
#include "inference/host/worker_process.h"
#include "inference/model_memory.h"
#include "inference/serving/replica.h"
#include "ledger/violation.h"

namespace vedette::agent {

// What every replica of a release is started from. Outlives the replicas.
struct ReplicaPlan {
  ServedModel about;
  inference::WorkerSettings settings;
  inference::SealedModel sealed;
  crypto::Sha256Digest profile_sha256{};  // of the profile as it is enforced here
  crypto::Sha256Digest worker_sha256{};   // of the worker program
  inference::WorkerSpawner& spawner;
  // Has written the event down when it returns. Called while a worker that violated its filter is
  // frozen; for other deaths, after them.
  std::function<void(ledger::Violation)> record;
};

// A replica that is ready. Refuses what WorkerProcess::start refuses; such a death is recorded too.
[[nodiscard]] Result<std::unique_ptr<inference::serving::Replica>> start_replica(
    const std::shared_ptr<const ReplicaPlan>& plan);

// The digest of the profile that `settings` amount to at that posture.
[[nodiscard]] crypto::Sha256Digest profile_digest(const inference::WorkerSettings& settings,
                                                  inference::Posture posture);

}  // namespace vedette::agent
