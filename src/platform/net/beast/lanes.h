// Lanes: what connections run on. All share the threads of one io_context, each on a strand of its
// own; or each has a thread of its own.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "platform/net/beast/asio_names.h"

namespace vedette::platform::net {

// One connection's. Whoever holds its socket holds this, too.
struct Lane {
  asio::any_io_executor ordered;    // where its work runs, one piece at a time
  asio::any_io_executor unordered;  // where it may block; the same where nothing else runs there
  std::shared_ptr<asio::io_context> own;  // none on shared threads
};

// A lane whose thread, if it has one of its own, waits for work as long as this is there, and then
// ends with the last of it.
struct OpenedLane {
  Lane lane;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> waiting;
};

// For one thread at a time.
class Lanes {
 public:
  // `shared` threads serve all connections, or, with a thread per connection, only accept them.
  Lanes(unsigned shared, bool thread_per_connection);
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes() = default;

  [[nodiscard]] asio::io_context& shared() { return io_; }
  // Once there is work for the shared threads, which end with it.
  void start();
  // For the next connection. Refuses NET-THREAD when the system gives no more threads or
  // descriptors, of which an own lane takes three.
  [[nodiscard]] Result<OpenedLane> open();
  // Waits until all work on all lanes is done. Shared work may open lanes until it is done itself.
  void join();

 private:
  struct OwnThread {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> ended;
  };

  [[nodiscard]] OpenedLane open_own();  // throws what the system refuses
  void join_ended();

  const unsigned shared_;
  const bool thread_per_connection_;
  asio::io_context io_;
  std::vector<std::thread> threads_;
  std::list<OwnThread> own_threads_;
};

}  // namespace vedette::platform::net
