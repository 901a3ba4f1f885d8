#include "agent/worker_replica.h"

#include <atomic>
#include <optional>

#include "inference/host/system_call_name.h"
#include "inference/policy/posture.h"
#include "inference/policy/profile_text.h"

namespace vedette::agent {

namespace {

using inference::WorkerProcess;
using ledger::ViolationKind;
using ledger::ViolationPhase;

// What a refusal says of a worker's death; none: it lives on, or what it was killed for has been
// recorded already, before it died.
std::optional<ViolationKind> kind_of(const Error& error) {
  if (error.code == "SBX-DEADLINE") return ViolationKind::deadline;
  if (error.code == "SBX-MEMORY") return ViolationKind::memory;
  if (error.code == "SBX-WORKER-DIED") return ViolationKind::crash;
  return std::nullopt;
}

ledger::Violation event_of(const ReplicaPlan& plan, ViolationKind kind, ViolationPhase phase) {
  return {.model = plan.about.name,
          .release = plan.about.release,
          .model_root = plan.about.model_root,
          .profile_sha256 = plan.profile_sha256,
          .contract_sha256 = plan.about.contract.sha256,
          .worker_sha256 = plan.worker_sha256,
          .kind = kind,
          .phase = phase};
}

ledger::SystemCall call_of(const inference::Violation& violation) {
  return {
      .architecture = violation.architecture,
      .number = violation.number,
      .name = std::string(inference::system_call_name(violation.architecture, violation.number)),
      .instruction_pointer = violation.instruction,
      .arguments = violation.arguments};
}

// Shared with the watching thread, which may speak while the worker is still being started.
struct Phase {
  std::atomic<bool> serving = false;

  [[nodiscard]] ViolationPhase now() const {
    return serving ? ViolationPhase::serve : ViolationPhase::load;
  }
};

void record(const ReplicaPlan& plan, ViolationKind kind, const Error& error, ViolationPhase phase) {
  ledger::Violation event = event_of(plan, kind, phase);
  event.detail = error.message + (error.cause.empty() ? "" : ": " + error.cause);
  plan.record(std::move(event));
}

void record_death(const ReplicaPlan& plan, const Error& error, ViolationPhase phase) {
  if (const auto kind = kind_of(error)) record(plan, *kind, error, phase);
}

class WorkerReplica final : public inference::serving::Replica {
 public:
  WorkerReplica(std::shared_ptr<const ReplicaPlan> plan, std::unique_ptr<WorkerProcess> worker)
      : plan_(std::move(plan)), worker_(std::move(worker)) {}

  [[nodiscard]] const inference::ModelMetadata& metadata() const override {
    return worker_->metadata();
  }

  [[nodiscard]] Result<std::vector<inference::Tensor>> infer(
      std::span<const inference::TensorView> inputs, std::chrono::microseconds deadline) override {
    inference::channel::Reply reply;
    const auto answered = worker_->infer(inputs, deadline, reply);
    if (answered) return std::move(reply.outputs);
    if (!killed_) record_death(*plan_, answered.error(), ViolationPhase::serve);
    return std::unexpected(answered.error());
  }

  [[nodiscard]] bool alive() override { return worker_->alive(); }

  void kill() override {
    killed_ = true;
    worker_->kill();
  }

 private:
  std::shared_ptr<const ReplicaPlan> plan_;
  std::unique_ptr<WorkerProcess> worker_;
  std::atomic<bool> killed_ = false;  // by us: no death to record
};

}  // namespace

void record_violation(const ReplicaPlan& plan, ViolationKind kind, std::string detail) {
  ledger::Violation event = event_of(plan, kind, ViolationPhase::serve);
  event.detail = std::move(detail);
  plan.record(std::move(event));
}

Result<std::unique_ptr<inference::serving::Replica>> start_replica(
    const std::shared_ptr<const ReplicaPlan>& plan) {
  const auto phase = std::make_shared<Phase>();
  inference::WorkerSettings settings = plan->settings;
  settings.on_violation = [plan, phase](const inference::Violation& violation) {
    ledger::Violation event = event_of(*plan, ViolationKind::system_call, phase->now());
    event.call = call_of(violation);
    plan->record(std::move(event));
  };
  settings.on_malformed_reply = [plan, phase](const Error& reply) {
    record(*plan, ViolationKind::malformed_reply, reply, phase->now());
  };
  auto worker = WorkerProcess::start(plan->spawner, settings, plan->sealed.fd());
  if (!worker) {
    record_death(*plan, worker.error(), ViolationPhase::load);
    return std::unexpected(worker.error());
  }
  phase->serving = true;
  plan->bounds->set((*worker)->bounded_by());
  return std::make_unique<WorkerReplica>(plan, *std::move(worker));
}

crypto::Sha256Digest profile_digest(const inference::WorkerSettings& settings,
                                    inference::Posture posture) {
  return crypto::sha256(
      as_bytes(inference::canonical_text(inference::at_posture(settings.profile, posture))));
}

}  // namespace vedette::agent
