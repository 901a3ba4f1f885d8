#include "agent/memory_models.h"

#include <memory>
#include <string>

namespace vedette::agent {

namespace {

Result<std::shared_ptr<ServedModel>> find_release(const ServingTable& serving,
                                                  std::string_view name, std::uint64_t release) {
  VEDETTE_TRY(auto model, serving.find(name));
  if (release != 0 && release != model->release)
    return refuse("AGT-NO-RELEASE", "this release of the model is not served here",
                  std::to_string(release) + ", but " + std::to_string(model->release),
                  "ask for release 0 to have whichever is served");
  return model;
}

Result<std::vector<inference::Tensor>> infer_by_worker(const MemoryModelParts& parts,
                                                       const ServedModel& model,
                                                       std::span<const inference::Tensor> inputs) {
  static const std::string kNoRequestId;
  VEDETTE_TRY(const Verdict before, parts.trust.current());
  VEDETTE_TRY(auto outputs, model.worker->infer(inputs, parts.deadline));
  VEDETTE_CHECK(parts.witness.witness(
      {.model = model, .request_id = kNoRequestId, .inputs = inputs, .outputs = outputs}));
  VEDETTE_TRY(const Verdict after, parts.trust.current());
  return outputs;
}

}  // namespace

MemoryService make_memory_service(MemoryModelParts parts) {
  return {
      .authorise = authorise_own_user,
      .describe = [parts](const Caller& /*caller*/, std::string_view name,
                          std::uint64_t release) -> Result<MemoryService::Model> {
        VEDETTE_TRY(const auto model, find_release(parts.serving, name, release));
        return MemoryService::Model{model->release, model->worker->metadata()};
      },
      .infer = [parts](const Caller& /*caller*/, std::string_view name, std::uint64_t release,
                       std::span<const inference::Tensor> inputs)
          -> Result<std::vector<inference::Tensor>> {
        VEDETTE_TRY(const auto model, find_release(parts.serving, name, release));
        return infer_by_worker(parts, *model, inputs);
      },
  };
}

}  // namespace vedette::agent
