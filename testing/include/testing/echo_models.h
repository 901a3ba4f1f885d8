// EchoModels: models without a worker, for tests of what stands in front of them.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "agent/model_caller.h"

namespace vedette {

// Every model answers with its inputs, under their names; one called `busy` has no room, one called
// `dead` has no worker.
class EchoModels final : public agent::ModelCaller {
 public:
  [[nodiscard]] static std::shared_ptr<agent::ServedModel> served(const std::string& name,
                                                                  std::uint64_t release) {
    return std::make_shared<agent::ServedModel>(
        agent::ServedModel{*ModelName::parse(name), release, {}, nullptr});
  }

  [[nodiscard]] inference::ModelMetadata metadata(const agent::ServedModel& /*model*/) override {
    const std::vector<inference::TensorInfo> tensors = {{"x", inference::DataType::fp32, {-1, 2}},
                                                        {"y", inference::DataType::fp16, {-1}}};
    return {tensors, tensors};
  }

  [[nodiscard]] Result<void> ready(const agent::ServedModel& model) override {
    if (model.name.str() != "dead") return {};
    return refuse("SBX-WORKER-DIED", "the model's worker is not running");
  }

  [[nodiscard]] Result<std::vector<inference::Tensor>> infer(
      const agent::ServedModel& model, std::span<const inference::TensorView> inputs,
      const agent::CallTerms& terms) override {
    ++calls;
    last_deadline = terms.deadline;
    if (model.name.str() == "busy")
      return refuse("SRV-QUEUE-FULL", "the model has no room for another call");
    VEDETTE_CHECK(ready(model));
    std::vector<inference::Tensor> outputs;
    for (const inference::TensorView& input : inputs)
      outputs.push_back(inference::to_tensor(input));
    return outputs;
  }

  std::atomic<int> calls = 0;
  std::atomic<std::chrono::milliseconds> last_deadline{};
};

}  // namespace vedette
