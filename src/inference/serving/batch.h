// Batches: several waiting requests as one, along dimension 0, and the answer divided again. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::inference::serving {

struct BatchRule {
  std::int64_t max_rows = 1;                           // sum of dimension 0; 1: no batches
  std::uint64_t max_bytes = std::uint64_t{16} << 20U;  // of all inputs together

  [[nodiscard]] bool allows() const { return max_rows > 1; }
};

// `wanted` as far as the model allows it: no batches unless every input and output declares -1 in
// dimension 0. That an output row depends on its own input row alone cannot be seen from outside;
// the release's contract must say so.
[[nodiscard]] BatchRule batch_rule(const ModelMetadata& metadata, BatchRule wanted);

// Rows and octets of one request; zero rows when it cannot be joined to any other (an input without
// dimension 0, or two that differ there).
struct BatchSize {
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
};
[[nodiscard]] BatchSize batch_size(std::span<const TensorView> inputs);

// True when both have the same inputs in the same order, of equal types and of shapes that differ
// in dimension 0 alone, and are sizeable (batch_size).
[[nodiscard]] bool may_join(std::span<const TensorView> left, std::span<const TensorView> right);

// True when a batch of this size stays within the rule with this request added.
[[nodiscard]] bool has_room(const BatchRule& rule, BatchSize batch, BatchSize request);

using Inputs = std::span<const TensorView>;

// One request of all rows, in order; each octet is copied once. `requests` is not empty, and each
// of them may be joined to the first.
[[nodiscard]] std::vector<Tensor> join(std::span<const Inputs> requests);

// One answer per request, in order, with the rows that belong to it. Refuses SRV-BATCH when an
// output has no dimension 0 or other rows there than went in, or its bytes do not fit its shape.
[[nodiscard]] Result<std::vector<std::vector<Tensor>>> split(const std::vector<Tensor>& outputs,
                                                             std::span<const std::int64_t> rows);

// Views of tensors that live elsewhere, for those who take views.
[[nodiscard]] std::vector<TensorView> views_of(std::span<const Tensor> tensors);

}  // namespace vedette::inference::serving
