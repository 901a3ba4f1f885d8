// Workers and processor cores, as the sections use them.
#pragma once

#include <memory>

#include "base/error.h"
#include "inference/host/worker_process.h"

#include "models.h"

namespace vedette::bench {

// With full posture, or without Landlock where this kernel has none.
[[nodiscard]] Result<std::unique_ptr<inference::WorkerSpawner>> start_spawner();

struct CageSettings {
  int cpu = -1;
  std::uint32_t slots = 2;
  std::uint32_t spin_microseconds = 0;
  inference::ModelFormat format = inference::ModelFormat::onnx;
};
[[nodiscard]] Result<std::unique_ptr<inference::WorkerProcess>> start_worker(
    inference::WorkerSpawner& spawner, ByteView model, const CageSettings& settings);

// Two cores that this process may use. Refuses BENCH-CORES when there is one only.
struct Cores {
  int one;
  int other;
};
[[nodiscard]] Result<Cores> two_cores();

// Binds the calling thread.
void bind_to(int core);

}  // namespace vedette::bench
