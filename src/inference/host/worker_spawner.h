// The host's hold on one zygote: starts it, has workers made by it, and ends with it.
//
//   VEDETTE_TRY(auto spawner, WorkerSpawner::start({.worker_path =
//   "/usr/libexec/vedette-worker"})); VEDETTE_TRY(auto worker, WorkerProcess::start(*spawner,
//   settings, model.fd()));
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "inference/host/watch.h"
#include "inference/host/worker_life.h"
#include "inference/host/worker_program.h"
#include "inference/policy/posture.h"
#include "inference/policy/spawn_order.h"

namespace vedette::inference {

struct SpawnerSettings {
  std::string worker_path;  // absolute path of vedette-worker
  Posture posture = Posture::full;
  std::chrono::milliseconds start_deadline{20'000};  // of the zygote
  // Sees the octets that every zygote is executed from, before the first one is.
  std::function<Result<void>(ByteView)> on_program = {};
  // Sees each zygote by its process id once it is ready, before it gets an order.
  std::function<Result<void>(int)> on_zygote = {};
};

// Thread-safe. The zygote is started again when it has died; its workers died with it. When this
// object, or the whole agent, goes, so do zygote and workers.
class WorkerSpawner {
 public:
  // The program is read once. Refuses SBX-SPAWN (no program, no process), INF-RUNTIME (no ONNX
  // Runtime in it), SBX-DEADLINE, and what `on_program` and `on_zygote` refuse.
  [[nodiscard]] static Result<std::unique_ptr<WorkerSpawner>> start(
      const SpawnerSettings& settings);
  WorkerSpawner(const WorkerSpawner&) = delete;
  WorkerSpawner& operator=(const WorkerSpawner&) = delete;
  ~WorkerSpawner();

  // Has a worker made; what comes of it is told by the life. `channel_fd` and `model_fd` (-1: none)
  // stay the caller's. Refuses as start() does.
  [[nodiscard]] Result<std::shared_ptr<WorkerLife>> spawn(const SpawnOrder& order, int channel_fd,
                                                          int model_fd,
                                                          const WorkerLife::Witnesses& witnesses);

  [[nodiscard]] int zygote_pid();
  [[nodiscard]] Posture posture() const { return settings_.posture; }

 private:
  struct Zygote {
    int pid = -1;
    UniqueFd process;  // pidfd
    UniqueFd control;
  };
  WorkerSpawner(SpawnerSettings settings, SealedProgram program, std::unique_ptr<Watch> watch);
  [[nodiscard]] Result<std::shared_ptr<WorkerLife>> place_order(
      const SpawnOrder& order, int channel_fd, int model_fd,
      const WorkerLife::Witnesses& witnesses);
  [[nodiscard]] Result<Zygote> start_zygote() const;
  [[nodiscard]] Result<void> ensure_zygote();
  static void end_zygote(Zygote& zygote);

  const SpawnerSettings settings_;
  const SealedProgram program_;
  std::unique_ptr<Watch> watch_;
  std::mutex mutex_;
  Zygote zygote_;
};

}  // namespace vedette::inference
