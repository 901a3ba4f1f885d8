// The agent's side of a sandboxed worker: start it, ask it, and bury it.
//
//   VEDETTE_TRY(auto worker, WorkerProcess::start(*spawner, settings, model.fd()));
//   VEDETTE_TRY(const auto outputs, worker->infer(inputs, std::chrono::milliseconds(500)));
//
// Everything that comes from the worker is treated as hostile: a reply is copied once, checked, and
// only then used. A worker that misses a deadline or answers nonsense is killed, not asked again.
// This library links neither ONNX Runtime nor libseccomp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "inference/channel/channel.h"
#include "inference/host/violation.h"
#include "inference/host/worker_spawner.h"
#include "inference/policy/profile.h"
#include "inference/tensor.h"

namespace vedette::inference {

struct WorkerSettings {
  Profile profile;  // the spawner's posture is applied to it
  ModelFormat format = ModelFormat::onnx;
  channel::ChannelShape channel;
  int cpu = -1;                                      // core that the worker is bound to; -1: any
  std::chrono::milliseconds start_deadline{20'000};  // cage, session and metadata
  // Called once, on another thread, while the worker is frozen in the act; it dies when this
  // returns. Must not throw. A shortage of memory is no violation and does not come here.
  std::function<void(const Violation&)> on_violation;
  // Called once, on the thread of the call that met it, with the first SBX-REPLY. From before it is
  // called, no call is given an answer of that worker; it is stopped, and dies when this returns.
  // Must not throw.
  std::function<void(const Error&)> on_malformed_reply;
};

// The strict profile and everything else as it is by default.
[[nodiscard]] WorkerSettings strict_settings();

// One worker with one model. Thread-safe: as many calls are under way as the channel has slots, and
// they are answered in order.
//
// Codes: SBX-SPAWN (no process), SBX-CAGE-* (a layer of the cage could not be put up; see
// sandbox/cage.h), SBX-MODEL-UNSEALED, INF-LOAD (the runtime refused the model), INF-INPUT,
// INF-SHAPE, INF-DATA and SBX-REQUEST-SIZE (the request is not one for this model, or does not fit;
// the worker never saw it), INF-MODEL (the runtime refused this call; the worker lives on),
// INF-ISOLATION (the process of this call died; the worker lives on), SBX-DEADLINE,
// SBX-SYSCALL-DENIED, SBX-MEMORY (its heap was used up), SBX-REPLY (the reply was malformed) and
// SBX-WORKER-DIED: after these five the worker is dead, and every later call refuses
// SBX-WORKER-DIED with the first cause.
class WorkerProcess {
 public:
  // Returns once the cage is closed and the session stands. `sealed_model_fd` (see model_memory.h)
  // stays the caller's and may be closed afterwards.
  [[nodiscard]] static Result<std::unique_ptr<WorkerProcess>> start(WorkerSpawner& spawner,
                                                                    const WorkerSettings& settings,
                                                                    int sealed_model_fd);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();  // kills the worker

  // What the model declares, as the worker said and the host checked (bounded, well formed).
  [[nodiscard]] const ModelMetadata& metadata() const;

  // One call. The deadline counts from when the worker turns to it. `into` is kept by callers that
  // ask often: its memory is used again. It is unspecified after a refusal.
  [[nodiscard]] Result<void> infer(std::span<const TensorView> inputs,
                                   std::chrono::microseconds deadline, channel::Reply& into);
  // The same for a single call.
  [[nodiscard]] Result<std::vector<Tensor>> infer(std::span<const Tensor> inputs,
                                                  std::chrono::microseconds deadline);

  // False once it has died or was killed. A worker that dies idle is noticed here too.
  [[nodiscard]] bool alive();
  // Kills it now; calls in flight return SBX-WORKER-DIED. Idempotent.
  void kill();

  [[nodiscard]] int pid() const;  // of the caged process, as the agent sees it
  // What control groups bound as a whole: `v2 memory, v2 pids`; empty: nothing.
  [[nodiscard]] std::string bounded_by() const;

  class Calls;  // worker_calls.h, private to inference/host

 private:
  explicit WorkerProcess(std::shared_ptr<Calls> calls);

  std::shared_ptr<Calls> calls_;
};

}  // namespace vedette::inference
