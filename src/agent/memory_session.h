// One application's session over shared memory: a thread that answers one tensor channel.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/memory_service.h"
#include "base/fd.h"
#include "inference/channel/channel.h"

namespace vedette::agent {

// Trust runs the other way than towards a worker: the application owns the requests, and may change
// its memory at any time.
class MemorySession {
 public:
  struct Parts {
    Caller caller;
    std::string model;
    std::uint64_t release = 0;  // that was asked for; 0: whichever is served
    inference::ModelMetadata metadata;
    std::uint64_t request_bytes = 0;  // payload of one request
    UniqueFd lifeline;
    inference::channel::WorkerEnd channel;
  };

  // Starts at once. `on_end` is called from the session's thread, last of all.
  MemorySession(Parts parts, const MemoryService& service, std::function<void()> on_end);
  MemorySession(const MemorySession&) = delete;
  MemorySession& operator=(const MemorySession&) = delete;
  ~MemorySession();  // ends it, and waits for the call that is under way

  [[nodiscard]] int lifeline() const { return parts_.lifeline.get(); }
  // Tells the application, and lets the thread run out; does not wait.
  void end();
  [[nodiscard]] bool is_ending() const { return ending_.load(); }
  [[nodiscard]] bool is_over() const { return over_.load(); }

 private:
  void serve();
  [[nodiscard]] bool answer();
  [[nodiscard]] Result<void> copy_inputs();
  [[nodiscard]] Result<void> call();

  Parts parts_;
  const MemoryService& service_;
  const std::function<void()> on_end_;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> over_ = false;
  inference::channel::Request request_;
  std::vector<inference::Tensor> inputs_;
  std::thread thread_;
};

}  // namespace vedette::agent
