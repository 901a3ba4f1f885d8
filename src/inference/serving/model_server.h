// ModelServer: one release of a model, its replicas, and the calls that wait for them.
//
//   VEDETTE_TRY(auto server, ModelServer::start(settings, {.factory = ..., .clock = clock}));
//   VEDETTE_TRY(const auto outputs, server->infer(inputs, std::chrono::milliseconds(500)));
//
// With an idle replica the calling thread leases it and runs the call itself: no hop to another
// thread. Otherwise the call waits, bounded in number and time, and the replicas' own threads work
// the queue off, oldest first, joining calls into batches where the model allows it. No lock is
// held while a worker computes. docs/serving.md has the life of a request.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "inference/serving/call.h"
#include "inference/serving/replica.h"
#include "inference/serving/replica_health.h"
#include "inference/serving/serving_stats.h"

namespace vedette::inference::serving {

inline constexpr std::size_t kMaxReplicas = 64;
inline constexpr std::size_t kMaxWaiting = 65'536;

struct ServerSettings {
  std::size_t replicas = 1;               // 1 to kMaxReplicas
  std::size_t max_waiting = 64;           // calls in the queue; 0 to kMaxWaiting
  microseconds max_deadline{10'000'000};  // caps what a caller asks for
  // A worker is never killed for a call that took less than this, however hurried its caller: else
  // any caller could end a worker with a short deadline. Set it to what the model normally needs.
  microseconds min_patience{10'000};
  BatchRule batch;                         // as far as the model's metadata allows it
  microseconds max_delay{0};               // a call may wait this long for company; 0: never
  microseconds probe_interval{2'000'000};  // an idle replica's pulse is felt this often
  HealthPolicy health;
};

struct ServerParts {
  ReplicaFactory factory;
  const MonotonicClock& clock;  // outlives the server
  // Told once, from any thread and with no lock held, when the release is quarantined: the
  // SRV-QUARANTINED that all calls get from now on; its cause is what the replica did.
  std::function<void(const Error&)> on_quarantine = {};
  // Quarantined already (after a restart of the agent): its cause. Nothing is started.
  std::optional<Error> quarantined = std::nullopt;
};

class ServerCore;

// A call that was posted. Copies mean the same call.
class PostedCall {
 public:
  PostedCall() = default;
  PostedCall(std::weak_ptr<ServerCore> core, std::shared_ptr<Call> call);

  // Refuses the call with SRV-CANCELLED, at once, whether it waits or runs; a worker that is at
  // work on it is left alone and its answer dropped. False when the call has ended already.
  bool cancel() const;

 private:
  std::weak_ptr<ServerCore> core_;
  std::shared_ptr<Call> call_;
};

// Thread-safe. The codes of a refused call: SRV-QUEUE-FULL, SRV-DEADLINE (it waited too long, or
// its answer came too late), SRV-CANCELLED, SRV-RESTARTING (no replica is up; retry_after.h says
// when), SRV-QUARANTINED, SRV-BATCH (batch.h), the reason given to close(); and a replica's own.
class ModelServer {
 public:
  // Returns when every replica is ready. Refuses SRV-SETTINGS, or as the factory did first.
  [[nodiscard]] static Result<std::unique_ptr<ModelServer>> start(ServerSettings settings,
                                                                  ServerParts parts);
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;
  // Closes with SRV-STOPPED; waits for the threads, and so for a start in progress. Never from a
  // callback of its own, which runs on one of them.
  ~ModelServer();

  // What the model declares; empty while no replica has ever run (initial quarantine).
  [[nodiscard]] const ModelMetadata& metadata() const;

  // Blocks until answered or refused. The deadline counts from now; what is left of it when a
  // replica is free is the worker's (a batch has that of its most patient member).
  [[nodiscard]] Answer infer(Inputs inputs, microseconds deadline);

  // Does not block. The callback is called once: from this call when it is refused at once, from
  // cancel(), close() or a replica's thread otherwise. It must be short, and not infer() here.
  PostedCall post(std::vector<Tensor> inputs, microseconds deadline, Callback callback);

  // Ends service for good: kills every replica, refuses calls that wait and calls in flight, now
  // and later, with `reason`. Does not wait for anything. The first reason stays.
  void close(Error reason);

  [[nodiscard]] ServingStats stats() const;
  [[nodiscard]] bool ready() const;  // a replica is up

 private:
  explicit ModelServer(std::shared_ptr<ServerCore> core);

  std::shared_ptr<ServerCore> core_;
};

}  // namespace vedette::inference::serving
