// The models that are measured, each with inputs that it takes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/model_memory.h"
#include "inference/tensor.h"

namespace vedette::bench {

struct Subject {
  std::string name;
  Bytes model;  // ONNX
  std::vector<inference::Tensor> inputs;
};

// FP32[rows,width] through `layers` times MatMul with a square matrix of random weights (always the
// same ones) and Relu.
struct DenseShape {
  std::size_t layers;
  std::size_t width;
  std::size_t rows;
};
[[nodiscard]] Subject dense(std::string name, const DenseShape& shape);

// The voice model and one window of 32 ms of silence. Refuses FILE-*.
[[nodiscard]] Result<Subject> voice();

// The same model as ONNX Runtime's own format, as a publisher would convert it. Refuses BENCH-ORT.
[[nodiscard]] Result<Bytes> to_ort_format(ByteView onnx);

[[nodiscard]] Result<inference::SealedModel> seal(ByteView model);

// Borrowed from tensors that outlive them.
[[nodiscard]] std::vector<inference::IndexedTensor> indexed(
    std::span<const inference::Tensor> inputs);
[[nodiscard]] std::vector<inference::TensorView> views(std::span<const inference::Tensor> inputs);

}  // namespace vedette::bench
