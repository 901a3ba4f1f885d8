#include "agent/memory_models.h"

#include <memory>
#include <string>

#include "agent/local_access.h"

namespace vedette::agent {

namespace {

using policy::LocalAct;

// The caller as the HTTP API would know it, so that one policy speaks for both.
platform::Connection connection_of(const Caller& caller) {
  platform::Connection connection;
  connection.credentials = platform::PeerCredentials{caller.uid, {caller.gid}, caller.pid};
  return connection;
}

Result<std::unique_ptr<ModelHold>> find(const MemoryModelParts& parts, std::string_view name,
                                        std::uint64_t release) {
  return parts.models.find(name, release == 0 ? std::nullopt : std::optional(release));
}

Result<MemoryService::Model> describe_model(const MemoryModelParts& parts, const Caller& caller,
                                            std::string_view name, std::uint64_t release) {
  const auto connection = connection_of(caller);
  const LocalAccess access(parts.policy, connection);
  VEDETTE_TRY(const auto decision, access.require(LocalAct::infer, name));
  VEDETTE_TRY(const auto hold, find(parts, name, release));
  MemoryService::Model model{hold->model().release, hold->metadata()};
  access.keep_visible(decision, hold->model(), model.metadata.outputs);
  return model;
}

Result<std::vector<inference::Tensor>> ask(const MemoryModelParts& parts, const Caller& caller,
                                           std::string_view name, std::uint64_t release,
                                           std::span<const inference::Tensor> inputs) {
  static const std::string kNoRequestId;
  const auto connection = connection_of(caller);
  const LocalAccess access(parts.policy, connection);
  VEDETTE_TRY(const auto decision, access.require(LocalAct::infer, name));
  VEDETTE_TRY(const Verdict before, parts.trust.current());
  VEDETTE_TRY(const auto hold, find(parts, name, release));
  const ServedModel& model = hold->model();
  std::vector<inference::TensorView> views;
  for (const inference::Tensor& input : inputs)
    views.push_back({input.name, input.type, input.shape, input.data});
  VEDETTE_TRY(auto outputs, hold->infer(views, {.deadline = model.call_deadline}));
  access.keep_visible(decision, model, outputs);
  VEDETTE_CHECK(parts.witness.witness(
      {.model = model, .request_id = kNoRequestId, .inputs = views, .outputs = outputs}));
  VEDETTE_TRY(const Verdict after, parts.trust.current());
  return outputs;
}

}  // namespace

MemoryService make_memory_service(MemoryModelParts parts) {
  const auto shared = std::make_shared<const MemoryModelParts>(std::move(parts));
  return {
      .authorise = [shared](const Caller& caller, std::string_view name) -> Result<void> {
        const auto connection = connection_of(caller);
        VEDETTE_CHECK(LocalAccess(shared->policy, connection).require(LocalAct::infer, name));
        return {};
      },
      .describe =
          [shared](const Caller& caller, std::string_view name, std::uint64_t release) {
            return describe_model(*shared, caller, name, release);
          },
      .infer =
          [shared](const Caller& caller, std::string_view name, std::uint64_t release,
                   std::span<const inference::Tensor> inputs) {
            return ask(*shared, caller, name, release, inputs);
          },
  };
}

}  // namespace vedette::agent
