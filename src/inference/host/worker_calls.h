// The calls of one worker: who may post, who waits, and why it is dead. Private to inference/host.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "inference/host/worker_process.h"

namespace vedette::inference {

class WorkerProcess::Calls {
 public:
  Calls(std::unique_ptr<channel::HostEnd> channel,
        std::function<void(const Error&)> on_malformed_reply);

  void begin(std::shared_ptr<WorkerLife> life) { life_ = std::move(life); }
  [[nodiscard]] Result<void> load(std::chrono::steady_clock::time_point until);

  [[nodiscard]] Result<void> call(std::span<const TensorView> inputs,
                                  std::chrono::microseconds deadline, channel::Reply& into);

  [[nodiscard]] const ModelMetadata& metadata() const { return metadata_; }
  [[nodiscard]] WorkerLife& life() const { return *life_; }
  [[nodiscard]] channel::HostEnd& channel() const { return *channel_; }

  // Lets every waiting call look again.
  void wake();

 private:
  class Turn;

  [[nodiscard]] Result<void> await(std::uint32_t number, std::chrono::microseconds deadline);
  // Ends the worker for `reason`, unless another came first, which is then this call's refusal too.
  [[nodiscard]] Error condemn(Error reason);
  [[nodiscard]] Error bury();
  [[nodiscard]] std::unexpected<Error> refuse_dead() const;  // holds the lock

  std::unique_ptr<channel::HostEnd> channel_;
  const std::function<void(const Error&)> on_malformed_reply_;
  std::shared_ptr<WorkerLife> life_;
  ModelMetadata metadata_;
  std::mutex mutex_;  // guards posting and what follows
  std::condition_variable slot_freed_;
  std::vector<bool> busy_;  // by slot
  std::uint32_t next_ = 1;  // number of the next request
  std::optional<Error> cause_;
  std::atomic<bool> condemned_{false};  // that there is a cause, for whoever holds no lock
};

}  // namespace vedette::inference
