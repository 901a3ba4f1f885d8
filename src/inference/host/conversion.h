// Turning an ONNX model into ORT format in a cage: whoever publishes a model need not trust it.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/host/worker_spawner.h"

namespace vedette::inference {

struct ConversionLimits {
  std::uint64_t memory_bytes = std::uint64_t{2} << 30U;  // of the worker's heap
  std::uint64_t output_bytes = std::uint64_t{1} << 30U;
  std::chrono::seconds deadline{300};
};

// The model in ORT format. Weights of such a model are used where they lie: replicas share them
// (SBX-MODEL-* of model_memory.h, ModelFormat::ort). `sealed_model_fd` stays the caller's. Refuses
// what WorkerProcess::start() refuses, SBX-OUTPUT when nothing was written, and FILE-*.
[[nodiscard]] Result<Bytes> convert_to_ort(WorkerSpawner& spawner, int sealed_model_fd,
                                           const ConversionLimits& limits = {});

}  // namespace vedette::inference
