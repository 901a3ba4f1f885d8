// ModelService: from a fetched release to answers. It starts releases in their cages, swaps them
// without a failed call, and ends them all when trust ends.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/drift_watch.h"
#include "agent/fetch.h"
#include "agent/quarantine.h"
#include "agent/serving.h"
#include "attestation/runtime_log/runtime_event.h"
#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"
#include "inference/host/worker_spawner.h"
#include "inference/serving/serving_table.h"
#include "ledger/violation.h"

namespace vedette::agent {

struct ReplicaPlan;

// Thread-safe.
class ModelService final : public ModelSource {
 public:
  // What these refer to, by reference or from within a function, outlives the service: workers'
  // threads call `record` and `tell` until its destructor has returned.
  struct Parts {
    const Clock& clock;  // for the end of contracts
    std::unique_ptr<inference::WorkerSpawner> spawner;
    crypto::Sha256Digest worker_sha256{};  // of the worker program
    Quarantine& quarantine;
    // Measures what is about to take effect; its refusal keeps it from that.
    std::function<Result<void>(const attestation::RuntimeEvent&)> measure;
    std::function<void(ledger::Violation)> record;  // see ReplicaPlan
    // A release was quarantined: what it did.
    std::function<void(const std::string& text, const Error& cause)> tell;
  };

  explicit ModelService(Parts parts);

  // Measures the release's contract, its profile and the release itself, in this order, then starts
  // the release and lets it answer, once all of it is ready; the one before drains and ends.
  // `accept` is asked once all of its replicas are ready and before the first answer; its refusal
  // stops the release. Refuses what `measure`, start_replica(), `accept` and ServingTable::publish
  // refuse, and AGT-CONTRACT-TIME for one whose contract has ended by then; such a one answers no
  // call either.
  [[nodiscard]] Result<void> publish(FetchedRelease release, std::function<Result<void>()> accept);

  [[nodiscard]] std::optional<PresentRelease> present(const ModelName& model);

  // What control groups bound its newest worker by: `v2 memory, v2 pids`; empty: none, or no model.
  [[nodiscard]] std::string bounded_by(const ModelName& model);

  // The model's workers are killed, and it answers no more, from this instant on.
  void withdraw(const ModelName& model, const std::string& cause) {
    table_.withdraw(model.str(), cause);
  }

  // Nothing answers any more, from this instant on.
  void withdraw_all(const std::string& cause) { table_.clear(cause); }

  Result<std::unique_ptr<ModelHold>> find(std::string_view name,
                                          std::optional<std::uint64_t> release) override;
  std::vector<std::unique_ptr<ModelHold>> all() override;

  // `[{"model","release","default","alive","bounded_by",...}]`.
  [[nodiscard]] codec::Json status() const;

 private:
  // Called from workers' threads, until the table is gone.
  void on_quarantine(const std::string& model, std::uint64_t release, const Error& cause);
  void quarantine(const ServedModel& about, const Error& cause);
  void on_drift(const ReplicaPlan& plan, const Drift& drift);

  Parts parts_;
  inference::serving::SystemMonotonicClock clock_;
  inference::serving::ServingTable table_;  // the last: its workers use what is above
};

}  // namespace vedette::agent
