// WorkerReplica: a caged worker as one replica of a served model, and a witness of how it ends.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "agent/serving.h"
#include "base/error.h"
#include "inference/host/worker_process.h"
#include "inference/model_memory.h"
#include "inference/serving/replica.h"
#include "ledger/violation.h"
#include "release/runtime_contract.h"

namespace vedette::agent {

// What control groups bound, as the newest worker of a release was born with. Thread-safe.
class BoundsNote {
 public:
  void set(std::string text) {
    const std::scoped_lock lock(mutex_);
    text_ = std::move(text);
  }
  [[nodiscard]] std::string text() const {
    const std::scoped_lock lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

// What every replica of a release is started from. Outlives the replicas.
struct ReplicaPlan {
  ServedModel about;
  inference::WorkerSettings settings;
  inference::SealedModel sealed;
  std::vector<release::GoldenPair> golden{};
  crypto::Sha256Digest profile_sha256{};  // of the profile as it is enforced here
  crypto::Sha256Digest worker_sha256{};   // of the worker program
  inference::WorkerSpawner& spawner;
  // Has written the event down when it returns. Called while a worker that violated its filter is
  // frozen and before one that answered nonsense is killed; for other deaths, after them.
  std::function<void(ledger::Violation)> record;
  std::shared_ptr<BoundsNote> bounds = std::make_shared<BoundsNote>();
};

// A replica that is ready. Refuses what WorkerProcess::start refuses; such a death is recorded too.
[[nodiscard]] Result<std::unique_ptr<inference::serving::Replica>> start_replica(
    const std::shared_ptr<const ReplicaPlan>& plan);

// Writes down that a replica of `plan` did this while it served.
void record_violation(const ReplicaPlan& plan, ledger::ViolationKind kind, std::string detail);

// The digest of the profile that `settings` amount to at that posture.
[[nodiscard]] crypto::Sha256Digest profile_digest(const inference::WorkerSettings& settings,
                                                  inference::Posture posture);

}  // namespace vedette::agent
