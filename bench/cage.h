// Workers and processor cores, as the sections use them.
#pragma once

#include <memory>

#include "base/error.h"
#include "inference/host/worker_process.h"

#include "models.h"

namespace vedette::bench {

// With the strongest posture that this machine can keep.
[[nodiscard]] Result<std::unique_ptr<inference::WorkerSpawner>> start_spawner();

struct CageSettings {
  int cpu = -1;
  std::uint32_t slots = 2;
  std::uint32_t spin_microseconds = 0;
  inference::ModelFormat format = inference::ModelFormat::onnx;
  bool fine_clock = false;  // a cage without its coarse clock, to see what that costs
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
