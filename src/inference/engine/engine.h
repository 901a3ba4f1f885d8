// ONNX Runtime, as much of it as the worker needs. Only vedette-worker links this library.
//
// The life of an engine crosses the cage: create() reads /proc and /sys and belongs before it, and
// so before any fork into one; load() is the first thing that touches the model's bytes and belongs
// inside. With a heap that is there already (sandbox/cage.h), loading takes no system call but
// futex, and running takes none.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/engine/thread_park.h"
#include "inference/tensor.h"

namespace vedette::inference {

struct LoadSettings {
  // An ORT model (a flatbuffer) instead of an ONNX one. Its weights are used where they lie: the
  // bytes must outlive the engine, and processes that map the same bytes share them.
  bool ort_format = false;
  ThreadPark* threads = nullptr;  // computes with these and the calling thread; none: one thread
};

class Engine {
 public:
  // Makes the runtime's environment, silent (nothing is ever written to a descriptor) and with
  // telemetry off. Changes the process: environment variables, malloc's settings. Refuses
  // INF-RUNTIME.
  [[nodiscard]] static Result<Engine> create();

  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Makes and runs a small model of its own, so that later ones, here and in forks, find the
  // runtime's tables built. Refuses INF-RUNTIME.
  [[nodiscard]] Result<void> warm_up();

  // Parses and optimises a model. An ONNX model is borrowed for the call. Refuses INF-LOAD, also
  // for inputs or outputs that are no tensors of a known type.
  [[nodiscard]] Result<void> load(ByteView model, const LoadSettings& settings = {});

  // Writes the model in ORT format to `path`, optimised for no processor in particular: the
  // publisher's need not be the device's. Refuses INF-LOAD.
  [[nodiscard]] Result<void> convert(ByteView model, const char* path);

  // What the loaded model declares. Unnamed and symbolic dimensions are -1.
  [[nodiscard]] const ModelMetadata& metadata() const;

  // Runs the model on inputs that stay in the caller's memory, and gives all outputs, which stay in
  // the engine's memory until drop_outputs() or the next call. Refuses INF-MODEL with the runtime's
  // own words.
  [[nodiscard]] Result<std::span<const IndexedTensor>> run(std::span<const IndexedTensor> inputs);
  // For when nobody waits: else the next run frees them first.
  void drop_outputs();

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::inference
