// MemoryApi: inference over shared memory for applications on this device
// (include/vedette/client.h).
//
// It listens on a Unix socket; inference/client/greeting.h says what passes there. Each session has
// a thread and a tensor channel of its own. Everything that comes from an application is hostile:
// the hello, what lies in the channel, and how it leaves.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/memory_service.h"
#include "agent/memory_session.h"
#include "agent/memory_socket.h"
#include "base/error.h"
#include "base/fd.h"
#include "inference/client/greeting.h"

namespace vedette::agent {

// Bounds of the whole API. Its memory is at most sessions * slots * (request + reply bytes), of
// which only what was used is there, and one copy of a request per session.
struct MemoryLimits {
  std::size_t sessions = 16;
  std::size_t greetings = 16;                              // connections that said no hello yet
  std::chrono::milliseconds greeting_deadline{2'000};      // for the hello
  std::uint64_t request_bytes = std::uint64_t{16} << 20U;  // the most of one call
  std::uint64_t reply_bytes = std::uint64_t{16} << 20U;
  std::uint32_t slots = 4;              // calls of a session under way or waiting; a power of two
  std::uint32_t spin_microseconds = 0;  // how long each side looks before it sleeps
};

class MemoryApi {
 public:
  // Listens at once. Refuses MEM-SOCKET.
  [[nodiscard]] static Result<std::unique_ptr<MemoryApi>> start(const std::string& path,
                                                                MemoryLimits limits,
                                                                MemoryService service);
  MemoryApi(const MemoryApi&) = delete;
  MemoryApi& operator=(const MemoryApi&) = delete;
  ~MemoryApi();  // ends every session, waits for the calls under way, takes the socket away

  [[nodiscard]] std::size_t sessions() const { return count_.load(); }

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Greeting {
    UniqueFd socket;
    Instant until;
  };

  MemoryApi(MemorySocket socket, UniqueFd bell, MemoryLimits limits, MemoryService service);
  void ring();
  void run();
  [[nodiscard]] int patience() const;
  void accept_one();
  void read_greetings(const std::vector<short>& events);
  void welcome(UniqueFd socket);
  [[nodiscard]] Result<void> open_session(UniqueFd& socket);
  void end_sessions(const std::vector<short>& events);
  void bury_sessions();

  MemorySocket socket_;
  const UniqueFd bell_;  // eventfd
  const MemoryLimits limits_;
  const MemoryService service_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> count_ = 0;
  // The API's thread alone uses these.
  std::vector<Greeting> greetings_;
  std::list<MemorySession> sessions_;
  bool accepting_ = true;
  std::thread thread_;
};

}  // namespace vedette::agent
