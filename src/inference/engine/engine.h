// ONNX Runtime, as much of it as the worker needs. Only vedette-worker links this library.
//
// The life of an engine crosses the cage: create() reads /proc and /sys and belongs before it;
// load() is the first thing that touches the model's bytes and belongs inside. One thread: with one
// intra-op thread the runtime needs no more system calls than memory and futex.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::inference {

class Engine {
 public:
  // Makes the runtime's environment, silent (nothing is ever written to a descriptor) and with
  // telemetry off. Changes the process: environment variables, malloc's settings. Refuses
  // INF-RUNTIME.
  [[nodiscard]] static Result<Engine> create();

  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Parses and optimises an ONNX model (the ORT format is not accepted). `model` is borrowed for
  // the call. Refuses INF-LOAD, also for inputs or outputs that are no tensors of a known type.
  [[nodiscard]] Result<void> load(ByteView model);

  // What the loaded model declares. Unnamed and symbolic dimensions are -1.
  [[nodiscard]] const ModelMetadata& metadata() const;

  // Runs the model on inputs that stay in the caller's memory, and gives all outputs, which stay in
  // the runtime's memory until the next call. Refuses INF-MODEL with the runtime's own words.
  [[nodiscard]] Result<std::vector<TensorView>> run(std::span<const TensorView> inputs);

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::inference
