#include "inference/serving/model_server.h"

#include <algorithm>
#include <utility>

#include "inference/serving/server_core.h"

namespace vedette::inference::serving {

namespace {

Result<void> check_settings(const ServerSettings& settings) {
  const auto wrong = [](std::string what) {
    return refuse("SRV-SETTINGS", "a setting of the model's server is out of bounds",
                  std::move(what));
  };
  if (settings.replicas < 1 || settings.replicas > kMaxReplicas) return wrong("replicas");
  if (settings.max_waiting > kMaxWaiting) return wrong("max_waiting");
  if (settings.max_deadline.count() <= 0) return wrong("max_deadline");
  if (settings.min_patience.count() < 0) return wrong("min_patience");
  if (settings.batch.max_rows < 1) return wrong("batch.max_rows");
  if (settings.max_delay.count() < 0) return wrong("max_delay");
  if (settings.probe_interval.count() <= 0) return wrong("probe_interval");
  if (settings.health.max_deaths < 1) return wrong("health.max_deaths");
  if (settings.health.first_back_off.count() <= 0) return wrong("health.first_back_off");
  return {};
}

}  // namespace

PostedCall::PostedCall(std::weak_ptr<ServerCore> core, std::shared_ptr<Call> call)
    : core_(std::move(core)), call_(std::move(call)) {}

bool PostedCall::cancel() const {
  const auto core = core_.lock();
  return core && core->cancel(*call_);
}

ModelServer::ModelServer(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}

Result<std::unique_ptr<ModelServer>> ModelServer::start(ServerSettings settings,
                                                        ServerParts parts) {
  VEDETTE_CHECK(check_settings(settings));
  auto core = std::make_shared<ServerCore>(settings, std::move(parts));
  // Owns the core from here on: a refused launch ends its threads too.
  std::unique_ptr<ModelServer> server(new ModelServer(core));
  VEDETTE_CHECK(core->launch());
  return server;
}

ModelServer::~ModelServer() {
  core_->close({"SRV-STOPPED", "the model's server has stopped", "", ""});
  core_->join();
}

const ModelMetadata& ModelServer::metadata() const {
  return core_->metadata();
}

Answer ModelServer::infer(Inputs inputs, microseconds deadline) {
  return core_->infer(inputs, deadline);
}

PostedCall ModelServer::post(std::vector<Tensor> inputs, microseconds deadline, Callback callback) {
  return {core_, core_->post(std::move(inputs), deadline, std::move(callback))};
}

void ModelServer::close(Error reason) {
  core_->close(std::move(reason));
}

ServingStats ModelServer::stats() const {
  return core_->stats();
}

bool ModelServer::ready() const {
  return core_->ready();
}

}  // namespace vedette::inference::serving
