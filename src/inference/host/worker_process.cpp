#include "inference/host/worker_process.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>

#include "inference/channel/channel.h"
#include "inference/host/worker_child.h"
#include "inference/model_memory.h"

namespace vedette::inference {

namespace {

using channel::HostEnd;
using channel::Refusal;
using channel::Reply;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How soon a worker's death is noticed while its answer is awaited.
constexpr milliseconds kDeathCheck{10};
constexpr milliseconds kLongestDeadline = std::chrono::hours(1);

Error death_of(const Ending& ending) {
  if (ending.by_signal && ending.value == SIGSYS)
    return {"SBX-SYSCALL-DENIED", "the worker tried a system call that its cage forbids",
            "killed by SIGSYS", "treat the model as hostile; do not start it again"};
  return {"SBX-WORKER-DIED", "the worker died", describe(ending), "start a new one"};
}

// A refusal from before the first answer. The codes it may use are ours; the words are not trusted
// beyond being shown.
Error start_refusal(const Refusal& refusal) {
  const auto begins = [&refusal](std::string_view area) { return refusal.code.starts_with(area); };
  const bool known =
      begins("SBX-CAGE-") || begins("SBX-MODEL-") || begins("SBX-PROFILE") || begins("INF-RUNTIME");
  return {known ? refusal.code : "INF-LOAD", refusal.message, "", ""};
}

std::vector<TensorView> views_of(std::span<const Tensor> tensors) {
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors)
    views.push_back({tensor.name, tensor.type, tensor.shape, tensor.data});
  return views;
}

}  // namespace

struct WorkerProcess::Impl {
  HostEnd channel;
  WorkerChild child;
  ModelMetadata metadata;
  std::mutex turn;  // guards channel, cause, and the waiting side of child
  std::optional<Error> cause;
  std::atomic<bool> dead = false;

  // Ends the worker and keeps the reason for all later calls.
  Error condemn(Error reason) {
    dead = true;
    child.end();
    cause = reason;
    return reason;
  }

  // What is in the slot, or why nothing in it counts.
  Result<Reply> take() {
    auto reply = channel.take();
    if (!reply) return std::unexpected(condemn(reply.error()));
    return reply;
  }

  Result<Reply> bury() {
    // Its last words may have come between our last look and its end.
    if (channel.wait(std::chrono::microseconds(0)) == HostEnd::Wait::answered) {
      auto reply = take();
      if (reply && std::holds_alternative<Refusal>(*reply)) return reply;
    }
    return std::unexpected(condemn(death_of(child.end())));
  }

  Result<Reply> await(milliseconds deadline) {
    const auto until = steady_clock::now() + std::min(deadline, kLongestDeadline);
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
      switch (channel.wait(std::clamp(left, milliseconds(0), kDeathCheck))) {
        case HostEnd::Wait::answered:
          return take();
        case HostEnd::Wait::not_yet:
          break;
        case HostEnd::Wait::nonsense:
          return std::unexpected(condemn({"SBX-REPLY", "the worker answered what was not asked", "",
                                          "the worker is not to be trusted; start a new one"}));
      }
      if (child.has_ended()) return bury();
      if (left <= milliseconds(0))
        return std::unexpected(
            condemn({"SBX-DEADLINE", "the worker did not answer in time and was killed",
                     std::to_string(deadline.count()) + " ms", ""}));
    }
  }
};

WorkerProcess::WorkerProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WorkerProcess::~WorkerProcess() = default;

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const WorkerSettings& settings,
                                                            int sealed_model_fd) {
  VEDETTE_CHECK(check_sealed(sealed_model_fd));
  VEDETTE_TRY(HostEnd channel, HostEnd::create(settings.request_bytes, settings.reply_bytes));
  channel.ask_metadata();
  const WorkerOrder order{settings.profile, settings.posture, settings.memory_bytes, std::nullopt};
  VEDETTE_TRY(WorkerChild child,
              WorkerChild::start(settings.worker_path, order, sealed_model_fd, channel.fd()));
  auto impl = std::make_unique<Impl>(std::move(channel), std::move(child));
  VEDETTE_TRY(Reply reply, impl->await(settings.start_deadline));
  if (const auto* refusal = std::get_if<Refusal>(&reply))
    return std::unexpected(start_refusal(*refusal));
  auto* const metadata = std::get_if<ModelMetadata>(&reply);
  if (metadata == nullptr)
    return refuse("SBX-REPLY", "the worker answered what was not asked", "outputs at the start");
  impl->metadata = std::move(*metadata);
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(std::move(impl)));
}

const ModelMetadata& WorkerProcess::metadata() const {
  return impl_->metadata;
}

Result<std::vector<Tensor>> WorkerProcess::infer(std::span<const Tensor> inputs,
                                                 milliseconds deadline) {
  for (const Tensor& input : inputs)
    VEDETTE_CHECK(check_tensor(input));
  const std::scoped_lock lock(impl_->turn);
  if (impl_->cause)
    return refuse("SBX-WORKER-DIED", "the worker is dead",
                  impl_->cause->code + ": " + impl_->cause->message, "start a new one");
  const auto asked = impl_->channel.ask(views_of(inputs));
  if (!asked) return std::unexpected(asked.error());
  VEDETTE_TRY(Reply reply, impl_->await(deadline));
  if (const auto* refusal = std::get_if<Refusal>(&reply))
    return refuse("INF-MODEL", "the model refused this input", refusal->message);
  if (auto* outputs = std::get_if<std::vector<Tensor>>(&reply)) return std::move(*outputs);
  return std::unexpected(impl_->condemn(
      {"SBX-REPLY", "the worker answered what was not asked", "metadata instead of outputs", ""}));
}

bool WorkerProcess::alive() {
  return !impl_->dead && !impl_->child.lifeline_cut() && !impl_->child.has_ended();
}

void WorkerProcess::kill() {
  impl_->child.cut_lifeline();
}

int WorkerProcess::pid() const {
  return impl_->child.pid();
}

}  // namespace vedette::inference
