// ONNX Runtime as a program uses it that has nothing to do with us: what the cage is compared with.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "inference/tensor.h"

namespace vedette::bench {

// One thread, every optimisation, inputs prepared once: the least that a call can cost.
class BareSession {
 public:
  // `inputs` are borrowed. Throws what the runtime throws.
  BareSession(ByteView model, std::span<const inference::Tensor> inputs);
  BareSession(const BareSession&) = delete;
  BareSession& operator=(const BareSession&) = delete;
  ~BareSession();

  // Computes all outputs and looks at each.
  void run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes the optimised model in ONNX Runtime's format to `file`; gives what went wrong.
[[nodiscard]] std::string save_in_ort_format(ByteView onnx, const std::string& file);

}  // namespace vedette::bench
