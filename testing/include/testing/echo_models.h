// EchoModels: models without a worker, for tests of what stands in front of them.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "agent/serving.h"

namespace vedette {

// Every model answers with its inputs, under their names; one called `busy` has no room, one called
// `dead` has no worker.
class EchoModels final : public agent::ModelSource {
 public:
  void serve(const std::string& name, std::uint64_t release,
             std::vector<agent::OutputAudience> audiences = {}) {
    models_.insert_or_assign(name,
                             agent::ServedModel{.name = *ModelName::parse(name),
                                                .release = release,
                                                .call_deadline = std::chrono::milliseconds(500),
                                                .audiences = std::move(audiences)});
  }

  Result<std::unique_ptr<agent::ModelHold>> find(std::string_view name,
                                                 std::optional<std::uint64_t> release) override {
    const auto found = models_.find(name);
    if (found == models_.end()) return refuse("AGT-NO-MODEL", "no such model answers here");
    if (release && *release != found->second.release)
      return refuse("AGT-NO-VERSION", "this version of the model does not answer here");
    return std::make_unique<Hold>(*this, found->second);
  }

  std::vector<std::unique_ptr<agent::ModelHold>> all() override {
    std::vector<std::unique_ptr<agent::ModelHold>> holds;
    for (const auto& [name, model] : models_)
      holds.push_back(std::make_unique<Hold>(*this, model));
    return holds;
  }

  std::atomic<int> calls = 0;
  std::atomic<std::chrono::milliseconds> last_deadline{};

 private:
  class Hold final : public agent::ModelHold {
   public:
    Hold(EchoModels& source, const agent::ServedModel& model) : source_(source), model_(model) {}

    [[nodiscard]] const agent::ServedModel& model() const override { return model_; }
    [[nodiscard]] inference::ModelMetadata metadata() const override {
      const std::vector<inference::TensorInfo> tensors = {{"x", inference::DataType::fp32, {-1, 2}},
                                                          {"y", inference::DataType::fp16, {-1}}};
      return {tensors, tensors};
    }
    [[nodiscard]] Result<void> ready() const override {
      if (model_.name.str() != "dead") return {};
      return refuse("SBX-WORKER-DIED", "the model's worker is not running");
    }
    [[nodiscard]] Result<std::vector<inference::Tensor>> infer(
        std::span<const inference::TensorView> inputs, const agent::CallTerms& terms) override {
      ++source_.calls;
      source_.last_deadline = terms.deadline;
      if (model_.name.str() == "busy")
        return refuse("SRV-QUEUE-FULL", "the model has no room for another call");
      VEDETTE_CHECK(ready());
      std::vector<inference::Tensor> outputs;
      for (const inference::TensorView& input : inputs)
        outputs.push_back(inference::to_tensor(input));
      return outputs;
    }

   private:
    EchoModels& source_;
    agent::ServedModel model_;
  };

  std::map<std::string, agent::ServedModel, std::less<>> models_;
};

}  // namespace vedette
