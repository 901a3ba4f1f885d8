// SilenceWatch: a device that stops attesting is not as it was last seen, it is unknown.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "platform/store/store.h"
#include "server/chronicle.h"

namespace vedette::server {

// Devices that were last accepted longer ago than `limit` lose their standing, with an entry in the
// log. Their tokens have expired before: a limit is never below a token's lifetime. What is judged
// is in the store, so that a restart of the server forgets nobody.
class SilenceWatch {
 public:
  SilenceWatch(platform::Store& store, Chronicle& chronicle, const Clock& clock,
               std::chrono::seconds limit)
      : store_(store), chronicle_(chronicle), clock_(clock), limit_(limit) {}
  SilenceWatch(const SilenceWatch&) = delete;
  SilenceWatch& operator=(const SilenceWatch&) = delete;
  ~SilenceWatch() = default;

  // One look at the store; gives how many were found silent, at most kMostAtOnce.
  [[nodiscard]] Result<std::size_t> sweep();
  static constexpr std::size_t kMostAtOnce = 256;

  // Looks every `period` until this object goes.
  void start(std::chrono::seconds period);

 private:
  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
  std::chrono::seconds limit_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace vedette::server
