// The application's side of a session: connect, ask, and notice when the agent is gone.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "inference/channel/channel.h"
#include "inference/client/greeting.h"

namespace vedette::inference {

// Thread-safe. No thread of its own: a call that waits looks at the lifeline every 10 ms, so that a
// dead agent ends it; a call that is answered before makes no system call but futex.
class ClientSession {
 public:
  // Refuses CLIENT-ARGUMENT, CLIENT-CONNECT, CLIENT-TIMEOUT, MEM-WELCOME, SBX-CHANNEL, SBX-REPLY,
  // and what the agent refuses with.
  [[nodiscard]] static Result<std::unique_ptr<ClientSession>> connect(
      const std::string& path, const SessionWish& wish, std::chrono::microseconds timeout);

  [[nodiscard]] const ModelMetadata& metadata() const { return metadata_; }
  [[nodiscard]] std::uint64_t release() const { return release_; }

  // Refuses what HostEnd::post() refuses, CLIENT-TIMEOUT, CLIENT-CLOSED, SBX-REPLY and what the
  // agent refuses with. After CLIENT-CLOSED and SBX-REPLY every later call refuses the same.
  [[nodiscard]] Result<void> infer(std::span<const TensorView> inputs, channel::OutputSink& sink,
                                   std::chrono::microseconds timeout);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  class Turn;

  ClientSession(UniqueFd lifeline, std::unique_ptr<channel::HostEnd> channel,
                ModelMetadata metadata, std::uint64_t release);
  [[nodiscard]] Result<void> await(std::uint32_t number, Instant until);
  [[nodiscard]] bool is_agent_gone() const;
  [[nodiscard]] std::unexpected<Error> condemn(Error reason);

  const UniqueFd lifeline_;
  const std::unique_ptr<channel::HostEnd> channel_;
  const ModelMetadata metadata_;
  const std::uint64_t release_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<bool> busy_;  // by slot: somebody waits for, or reads, its reply
  bool posting_ = false;
  std::uint32_t next_ = 1;  // number of the next request
  std::optional<Error> cause_;
};

}  // namespace vedette::inference
