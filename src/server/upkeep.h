// Upkeep: what a server does for itself now and then, be there requests or not.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace vedette::server {

// A thread that runs its chores one after the other. What one refuses is told on standard error,
// once until it changes, and tried again.
class Upkeep {
 public:
  struct Chore {
    std::string name;
    std::function<Result<void>()> work;
  };

  Upkeep() = default;
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;
  ~Upkeep() = default;

  // Runs them every `period` until this object goes. Once alone.
  void start(std::vector<Chore> chores, std::chrono::milliseconds period);

 private:
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace vedette::server
