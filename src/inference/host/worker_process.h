// The agent's side of a sandboxed worker: start it, ask it, and bury it.
//
//   VEDETTE_TRY(auto worker, WorkerProcess::start(settings, model.fd()));
//   VEDETTE_TRY(const auto outputs, worker->infer(inputs, std::chrono::milliseconds(500)));
//
// Everything that comes from the worker is treated as hostile: a reply is copied once, checked, and
// only then used. A worker that misses a deadline or answers nonsense is killed, not asked again.
// This library links neither ONNX Runtime nor libseccomp.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "inference/policy/worker_order.h"
#include "inference/tensor.h"

namespace vedette::inference {

struct WorkerSettings {
  std::string worker_path;  // absolute path of vedette-worker
  std::string profile = "strict";
  Posture posture = Posture::full;
  std::uint64_t memory_bytes = std::uint64_t{512} << 20U;  // ceiling of the worker's private memory
  std::uint64_t request_bytes = std::uint64_t{16} << 20U;  // payload of one request
  std::uint64_t reply_bytes = std::uint64_t{16} << 20U;    // payload of one reply
  std::chrono::milliseconds start_deadline{20'000};        // cage, session and metadata
};

// One worker with one model. Thread-safe; calls are served one after another.
//
// Codes: SBX-SPAWN (no process), SBX-CAGE-* (a layer of the cage could not be put up; see
// sandbox/cage.h), SBX-MODEL-UNSEALED, INF-LOAD (the runtime refused the model), INF-MODEL (the
// runtime refused this call; the worker lives on), INF-NAME, INF-SHAPE, INF-DATA, SBX-REQUEST-SIZE
// (the request does not fit; the worker lives on), SBX-DEADLINE, SBX-SYSCALL-DENIED, SBX-REPLY (the
// reply was malformed) and SBX-WORKER-DIED: after these four the worker is dead, and every later
// call refuses SBX-WORKER-DIED with the first cause.
class WorkerProcess {
 public:
  // Returns once the cage is closed and the session stands. `sealed_model_fd` (see model_memory.h)
  // stays the caller's and may be closed afterwards.
  [[nodiscard]] static Result<std::unique_ptr<WorkerProcess>> start(const WorkerSettings& settings,
                                                                    int sealed_model_fd);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();  // kills the worker and reaps it

  // What the model declares, as the worker said and the host checked (bounded, well formed).
  [[nodiscard]] const ModelMetadata& metadata() const;

  // One call. The deadline counts from when this call has its turn.
  [[nodiscard]] Result<std::vector<Tensor>> infer(std::span<const Tensor> inputs,
                                                  std::chrono::milliseconds deadline);

  // False once it has died or was killed. A worker that dies idle is noticed here too.
  [[nodiscard]] bool alive();
  // Kills it now; a call in flight returns SBX-WORKER-DIED. Idempotent.
  void kill();

  [[nodiscard]] int pid() const;  // of the process that this one is the parent of

 private:
  struct Impl;
  explicit WorkerProcess(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::inference
