#include "inference/host/worker_process.h"

#include "inference/host/worker_calls.h"
#include "inference/model_memory.h"

namespace vedette::inference {

WorkerSettings strict_settings() {
  WorkerSettings settings;
  settings.profile = built_in_profile("strict").value();
  return settings;
}

WorkerProcess::WorkerProcess(std::shared_ptr<Calls> calls) : calls_(std::move(calls)) {}

WorkerProcess::~WorkerProcess() {
  kill();
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(WorkerSpawner& spawner,
                                                            const WorkerSettings& settings,
                                                            int sealed_model_fd) {
  const auto until = std::chrono::steady_clock::now() + settings.start_deadline;
  VEDETTE_CHECK(check_sealed(sealed_model_fd));
  VEDETTE_TRY(auto channel, channel::HostEnd::create(settings.channel));
  auto calls = std::make_shared<Calls>(std::move(channel), settings.on_malformed_reply);
  const SpawnOrder order{.profile = at_posture(settings.profile, spawner.posture()),
                         .format = settings.format,
                         .convert = false,
                         .cpu = settings.cpu,
                         .drill = {}};
  // The watching thread may speak of a worker whose owner is already gone.
  const std::weak_ptr<Calls> weak = calls;
  const WorkerLife::Witnesses witnesses{
      .on_violation =
          [tell = settings.on_violation](const Violation& violation) {
            if (tell && !violation.is_memory_shortage()) tell(violation);
          },
      .on_change =
          [weak] {
            if (const auto owner = weak.lock()) owner->wake();
          }};
  VEDETTE_TRY(auto life, spawner.spawn(order, calls->channel().fd(), sealed_model_fd, witnesses));
  calls->begin(std::move(life));
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(calls));
  VEDETTE_CHECK(calls->load(until));
  return worker;
}

const ModelMetadata& WorkerProcess::metadata() const {
  return calls_->metadata();
}

Result<void> WorkerProcess::infer(std::span<const TensorView> inputs,
                                  std::chrono::microseconds deadline, channel::Reply& into) {
  return calls_->call(inputs, deadline, into);
}

Result<std::vector<Tensor>> WorkerProcess::infer(std::span<const Tensor> inputs,
                                                 std::chrono::microseconds deadline) {
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) {
    VEDETTE_CHECK(check_tensor(input));
    views.push_back({input.name, input.type, input.shape, input.data});
  }
  channel::Reply reply;
  VEDETTE_CHECK(calls_->call(views, deadline, reply));
  return std::move(reply.outputs);
}

bool WorkerProcess::alive() {
  return !calls_->life().is_over();
}

void WorkerProcess::kill() {
  calls_->life().kill();
}

int WorkerProcess::pid() const {
  return calls_->life().pid();
}

std::string WorkerProcess::bounded_by() const {
  return calls_->life().bounded_by();
}

}  // namespace vedette::inference
