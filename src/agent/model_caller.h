// ModelCaller: how the local API reaches a model. The seam between the protocol and whatever runs
// the models.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "agent/serving.h"
#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::agent {

// What a caller may ask of one call, within what the device allows.
struct CallTerms {
  std::chrono::milliseconds deadline{0};  // above 0; waiting included
  std::uint32_t priority = 0;  // 0: none given; 1 is the most urgent. A wish that binds nobody
};

class ModelCaller {
 public:
  ModelCaller() = default;
  ModelCaller(const ModelCaller&) = delete;
  ModelCaller& operator=(const ModelCaller&) = delete;
  virtual ~ModelCaller() = default;

  [[nodiscard]] virtual inference::ModelMetadata metadata(const ServedModel& model) = 0;
  // Refuses with the reason why it would not answer now.
  [[nodiscard]] virtual Result<void> ready(const ServedModel& model) = 0;
  // Blocks. The inputs are borrowed for the time of the call, at any alignment.
  [[nodiscard]] virtual Result<std::vector<inference::Tensor>> infer(
      const ServedModel& model, std::span<const inference::TensorView> inputs,
      const CallTerms& terms) = 0;
};

// Asks the model's one worker, in turn.
class WorkerCaller final : public ModelCaller {
 public:
  [[nodiscard]] inference::ModelMetadata metadata(const ServedModel& model) override;
  [[nodiscard]] Result<void> ready(const ServedModel& model) override;
  [[nodiscard]] Result<std::vector<inference::Tensor>> infer(
      const ServedModel& model, std::span<const inference::TensorView> inputs,
      const CallTerms& terms) override;
};

}  // namespace vedette::agent
