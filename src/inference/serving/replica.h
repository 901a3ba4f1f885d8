// What serving needs of a sandboxed worker. Whoever has workers adapts them to this.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "inference/serving/monotonic_clock.h"
#include "inference/tensor.h"

namespace vedette::inference::serving {

// One sandboxed replica of a model. Its destructor ends the worker for certain.
class Replica {
 public:
  Replica() = default;
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;
  virtual ~Replica() = default;

  // What the model declares; the same for every replica of a release.
  [[nodiscard]] virtual const ModelMetadata& metadata() const = 0;

  // Blocks. One caller at a time, from any thread. Refuses SBX-DEADLINE, SBX-SYSCALL-DENIED,
  // SBX-REPLY, SBX-WORKER-DIED or SBX-MEMORY: the replica is dead then. INF-*: it lives on.
  [[nodiscard]] virtual Result<std::vector<Tensor>> infer(std::span<const TensorView> inputs,
                                                          microseconds deadline) = 0;

  // False once it is dead. Never called during infer().
  [[nodiscard]] virtual bool alive() = 0;

  // From any thread, also during infer(), which then refuses SBX-WORKER-DIED soon. Idempotent; does
  // not block.
  virtual void kill() = 0;
};

// Starts a new replica of the release: it is ready when it is returned. Called from several threads
// at once. The codes of a refused start say how it failed (replica_health.h, death_of).
using ReplicaFactory = std::function<Result<std::unique_ptr<Replica>>()>;

}  // namespace vedette::inference::serving
