#include "agent/model_caller.h"

namespace vedette::agent {

inference::ModelMetadata WorkerCaller::metadata(const ServedModel& model) {
  return model.worker->metadata();
}

Result<void> WorkerCaller::ready(const ServedModel& model) {
  if (model.worker->alive()) return {};
  return refuse("SBX-WORKER-DIED", "the model's worker is not running");
}

Result<std::vector<inference::Tensor>> WorkerCaller::infer(
    const ServedModel& model, std::span<const inference::TensorView> inputs,
    const CallTerms& terms) {
  inference::channel::Reply reply;
  VEDETTE_CHECK(model.worker->infer(inputs, terms.deadline, reply));
  return std::move(reply.outputs);
}

}  // namespace vedette::agent
